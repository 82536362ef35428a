/* SPDX-License-Identifier: MIT
 *
 * bench.c - what a request costs, over loopback on kept connections: this server
 * and libmicrohttpd in turn, each in threads of this program; or, with a URL, any
 * server: requests a second, and how long they took.
 *
 * Try: tcp-http bench
 *      tcp-http bench -c 64 -d 5 --rate 20000 http://127.0.0.1:8080/
 */
#include <inttypes.h>

#include "../background.h"
#include "../demo.h"
#include "../listener.h"
#include "../load.h"
#include "../mhd.h"
#include "../request.h"
#include "verbs.h"

#define FIELD "Accept-Language: en-GB,en;q=0.8,de;q=0.5,fr;q=0.3,it;q=0.1\r\n"
#define SMALL "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept:*\r\n\r\n"
#define LARGE                                                                  \
    "GET / HTTP/1.1\r\n" FIELD FIELD FIELD FIELD FIELD FIELD FIELD FIELD FIELD \
        FIELD FIELD "Host: 127.0.0.1\r\nAccept:*\r\n\r\n"

struct wish {
    const char *text; /* the URL, as given; or NULL */
    struct url url;
    struct load_plan plan;
    bool csv;
};

/* ---- In turn ---- */

/* What the rows, which take no argument of their own, work on. */
static struct wish wish = {
    .plan = {.connections = 16, .threads = 1, .depth = 1}};
static struct url ours, theirs;

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
    return read_heads(SMALL, count);
}

static int read_large(long count)
{
    return read_heads(LARGE, count);
}

static int ask(const struct url *url, long count)
{
    static struct load_result result;
    struct load_plan plan = wish.plan;

    plan.url = url;
    plan.count = (uint64_t)count;
    int rc = load_run(&plan, &result);
    return rc == 0 && result.tally.failures > 0 ? -EPROTO : rc;
}

static int ask_ours(long count)
{
    return ask(&ours, count);
}

static int ask_theirs(long count)
{
    return ask(&theirs, count);
}

static void open_at(struct url *url, char text[32], int *listener)
{
    uint16_t port = 0;
    int rc = listener_open(listener, &port);

    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on some port");
    snprintf(text, 32, "http://127.0.0.1:%d/", port);
    must(url_parse(text, url));
}

static int bench_in_turn(void)
{
    const struct contender rows[] = {
        {"request, this server", ask_ours, 4000},
        {"request, libmicrohttpd", ask_theirs, 4000},
        {"head of 45 bytes", read_small, 200000},
        {"head of 705 bytes", read_large, 30000}};
    char our_text[32], their_text[32];
    char *args[] = {program_invocation_name, (char[]){"--csv"}, NULL};
    int a, b; /* listeners */
    struct background *server;
    struct mhd *mhd;

    open_at(&ours, our_text, &a);
    open_at(&theirs, their_text, &b);
    int rc = background_start(&server, a);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start this server");
    rc = mhd_start(&mhd, b, MHD_MODE_INTERNAL);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start libmicrohttpd");
    int status = run_bench(wish.csv ? 2 : 1, args, "", rows, 4);
    mhd_stop(mhd);
    return background_stop(server, NULL) == 0 ? status : EXIT_FAILURE;
}

/* ---- One server, by its URL ---- */

static int bench_url(void)
{
    static const double shares[] = {0.5, 0.9, 0.99, 0.999};
    static struct load_result result;
    const struct tally *tally = &result.tally;

    wish.plan.url = &wish.url;
    if (wish.plan.seconds == 0)
        wish.plan.seconds = 2;
    int rc = load_run(&wish.plan, &result);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "load %s", wish.text);
    double seconds = (double)result.ns / 1e9;
    printf("%" PRIu64 " answers in %.2f s: %.0f a second, %.1f MiB a second\n",
           tally->latency.count, seconds,
           (double)tally->latency.count / seconds,
           (double)tally->bytes / seconds / 1048576);
    printf("latency");
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        printf("  p%g %.0f us", 100 * shares[i],
               (double)histogram_quantile(&tally->latency, shares[i]) / 1e3);
    printf("  most %.0f us%s\n", (double)tally->latency.most / 1e3,
           wish.plan.rate > 0 ? "  (since due)" : "");
    if (result.late > 0)
        printf("too slow for the rate: %" PRIu64 " requests were not sent\n",
               result.late);
    if (result.reopened > 0)
        printf("the server closed %" PRIu64 " connections between answers\n",
               result.reopened);
    if (tally->failures > 0)
        error(EXIT_FAILURE, 0, "load %s: %" PRIu64 " answers of 400 and more",
              wish.text, tally->failures);
    return EXIT_SUCCESS;
}

/* ---- Its command line ---- */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct load_plan *plan = &wish.plan;

    switch (key) {
    case 'c':
        plan->connections =
            (unsigned)count_arg(state, "connections", arg, 1, 100000);
        return 0;
    case 't':
        plan->threads = (unsigned)count_arg(state, "threads", arg, 1, 256);
        return 0;
    case 'd':
        plan->seconds = (double)count_arg(state, "duration", arg, 1, 86400);
        return 0;
    case 'p':
        plan->depth = (unsigned)count_arg(state, "pipeline", arg, 1, 1024);
        return 0;
    case 'r':
        plan->rate = (double)count_arg(state, "rate", arg, 1, 100000000);
        return 0;
    case 'v':
        wish.csv = true;
        return 0;
    case ARGP_KEY_ARG:
        if (wish.text != NULL)
            return unexpected(key, arg, state);
        wish.text = arg;
        if (url_parse(arg, &wish.url) < 0)
            argp_error(state, "'%s' is not http://ADDRESS[:PORT][/PATH]", arg);
        return 0;
    case ARGP_KEY_END:
        if (plan->threads > plan->connections)
            argp_error(state, "more threads than connections");
        if (wish.text == NULL && (plan->seconds > 0 || plan->rate > 0))
            argp_error(state, "duration and rate are for a URL");
        if (wish.text != NULL && wish.csv)
            argp_error(state, "csv is for a bench without a URL");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int bench_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"connections", 'c', "N", 0, "so many, all kept (16)", 1},
        {"threads", 't', "N", 0, "the load client's threads (1)", 1},
        {"pipeline", 'p', "N", 0, "requests out at once on each (1)", 1},
        {"duration", 'd', "SECONDS", 0, "with a URL: so long (2)", 2},
        {"rate", 'r', "R", 0,
         "with a URL: R requests a second, each timed from when it was due", 2},
        {"csv", 'v', NULL, 0, "without: comma-separated values", 3},
        {0}};
    const struct argp argp = {
        options, parse, "[URL]",
        .doc = "Without a URL: what a request costs this server and "
               "libmicrohttpd, in turn, and reading a head alone. With one: "
               "how fast that server answers."};

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    return wish.text != NULL ? bench_url() : bench_in_turn();
}
