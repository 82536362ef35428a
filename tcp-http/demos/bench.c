/* SPDX-License-Identifier: MIT
 *
 * bench.c - what a request costs: reading its head; and a round trip over
 * loopback on a kept connection, to a thread with our server or libmicrohttpd.
 *
 * Try: tcp-http bench
 */
#include "../background.h"
#include "../demo.h"
#include "../listener.h"
#include "../load.h"
#include "../mhd.h"
#include "../request.h"
#include "verbs.h"

#define FIELD "Accept-Language: en-GB,en;q=0.8,de;q=0.5,fr;q=0.3,it;q=0.1\r\n"

static int ours, theirs; /* connections, made before the first round */

static int read_heads(const char *head, long count)
{
    for (size_t length = strlen(head); count > 0; count--) {
        struct request request = {0};
        if (request_parse(&request, head, length) != PARSE_DONE)
            return -EPROTO;
    }
    return 0;
}

static int read_small(long count)
{
    return read_heads(LOAD_REQUEST, count);
}

static int read_large(long count)
{
    return read_heads("GET / HTTP/1.1\r\n" FIELD FIELD FIELD FIELD FIELD FIELD
                          FIELD FIELD FIELD FIELD FIELD
                      "Host: 127.0.0.1\r\nAccept:*\r\n\r\n",
                      count);
}

static int ask_ours(long count)
{
    return load_run(ours, count);
}

static int ask_theirs(long count)
{
    return load_run(theirs, count);
}

int bench_main(int argc, char **argv)
{
    const struct contender rows[] = {
        {"head of 45 bytes", read_small, 200000},
        {"head of 705 bytes", read_large, 30000},
        {"round trip, this server", ask_ours, 1000},
        {"round trip, libmicrohttpd", ask_theirs, 1000}};
    int a, b; /* listeners */
    uint16_t a_port = 0, b_port = 0;
    struct background *server = NULL;
    struct mhd *mhd = NULL;

    if (listener_open(&a, &a_port) < 0 || listener_open(&b, &b_port) < 0 ||
        background_start(&server, a) < 0 ||
        mhd_start(&mhd, b, MHD_MODE_INTERNAL) < 0 ||
        load_connect(&ours, a_port) < 0 || load_connect(&theirs, b_port) < 0)
        error(EXIT_FAILURE, 0, "cannot start two servers and connect to them");
    int status =
        run_bench(argc, argv, "A request's head, and a round trip.", rows, 4);
    close(ours);
    close(theirs);
    mhd_stop(mhd);
    return background_stop(server, NULL) == 0 ? status : EXIT_FAILURE;
}
