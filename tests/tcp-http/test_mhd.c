/* SPDX-License-Identifier: MIT
 *
 * test_mhd.c - what mhd.h promises: the library gives our answers, and our
 * callback refuses what its parser lets through.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "listener.h"
#include "mhd.h"
#include "wire.h"

struct fixture {
    struct mhd *mhd;
    uint16_t port;
};

static uint16_t start_one(struct mhd **mhd, enum mhd_mode mode)
{
    int listener;
    uint16_t port = 0;
    assert_int_equal(listener_open(&listener, &port), 0);
    assert_int_equal(mhd_start(mhd, listener, mode), 0);
    return port;
}

static int start(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL)
        return -1;
    *state = f;
    f->port = start_one(&f->mhd, MHD_MODE_INTERNAL);
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;
    mhd_stop(f->mhd);
    free(f);
    return 0;
}

#define CLOSE "Connection: close\r\n"

static void hello_is_said_and_the_connection_kept(void **state)
{
    const struct fixture *f = *state;
    int fd = wire_open(f->port, false);
    for (int i = 0; i < 3; i++) {
        SAY(fd, GET);
        wire_hear_hello(fd);
    }
    SAY(fd, GET LAST);
    char *heard = wire_hear_all(fd, NULL);
    assert_int_equal(wire_count(heard, "\r\n\r\nhello\n"), 2);
    assert_int_equal(wire_count(heard, "\r\nContent-Type: text/html\r\n"), 2);
    assert_int_equal(wire_count(heard, "\r\nContent-Length: 6\r\n"), 2);
    assert_int_equal(wire_count(heard, "\r\nDate: "), 2);
    free(heard);
    close(fd);
}

static void head_gets_no_body_and_other_methods_a_405(void **state)
{
    const struct fixture *f = *state;
    char *heard = wire_dialogue(
        f->port, "HEAD / HTTP/1.1\r\n" HOST CLOSE "\r\n", "HTTP/1.1 200 OK");
    assert_int_equal(wire_count(heard, "hello"), 0);
    free(heard);
    heard = wire_dialogue(f->port,
                          "POST / HTTP/1.1\r\n" HOST CLOSE
                          "Content-Length: 5\r\n\r\nhello",
                          "HTTP/1.1 405 ");
    assert_int_equal(wire_count(heard, "\r\nAllow: GET, HEAD\r\n"), 1);
    free(heard);
    free(wire_dialogue(f->port, "GET /x HTTP/1.1\r\n" HOST CLOSE "\r\n",
                       "HTTP/1.1 404 "));
}

static void what_the_library_lets_through_is_refused(void **state)
{
    const struct fixture *f = *state;
    static const char *const requests[] = {
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST HOST "\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "X-A : 1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "X(A): 1\r\n\r\n",
        "G@T / HTTP/1.1\r\n" HOST "\r\n",
        "POST / HTTP/1.1\r\n" HOST
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "POST / HTTP/1.1\r\n" HOST
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\n" HOST
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        char *heard = wire_dialogue(f->port, requests[i], "HTTP/1.1 400 ");
        assert_int_equal(wire_count(heard, "\r\n" CLOSE), 1);
        free(heard);
    }
    free(wire_dialogue(f->port,
                       "POST / HTTP/1.1\r\n" HOST
                       "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                       "HTTP/1.1 501 "));
}

static void each_mode_shows_the_same_site(void **state)
{
    (void)state;
    for (int mode = MHD_MODE_INTERNAL; mode <= MHD_MODE_EXTERNAL; mode++) {
        struct mhd *mhd;
        uint16_t port = start_one(&mhd, (enum mhd_mode)mode);
        free(wire_dialogue(port, LAST, "HTTP/1.1 200 "));
        char *heard = wire_dialogue(
            port,
            "POST /echo HTTP/1.1\r\n" HOST CLOSE
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "HTTP/1.1 200 ");
        assert_int_equal(wire_count(heard, "\r\n\r\nhello"), 1);
        free(heard);
        heard = wire_dialogue(port,
                              "GET /sleep?ms=20 HTTP/1.1\r\n" HOST CLOSE "\r\n",
                              "HTTP/1.1 200 ");
        assert_int_equal(wire_count(heard, "\r\n\r\nslept\n"), 1);
        free(heard);
        heard =
            wire_dialogue(port, "GET /status HTTP/1.1\r\n" HOST CLOSE "\r\n",
                          "HTTP/1.1 200 ");
        assert_int_equal(wire_count(heard, "\"requests\":4,"), 1);
        free(heard);
        free(wire_dialogue(port,
                           "POST /echo HTTP/1.1\r\n" HOST
                           "Content-Length: 1048577\r\n\r\n",
                           "HTTP/1.1 413 "));
        mhd_stop(mhd);
    }
}

static void
who_sleeps_keeps_nobody_waiting_and_ends_with_the_server(void **state)
{
    /* asleep in the library, and in a thread of its own */
    const enum mhd_mode modes[] = {MHD_MODE_INTERNAL, MHD_MODE_PER_CONNECTION};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct mhd *mhd;
        uint16_t port = start_one(&mhd, modes[i]);
        int sleeper = wire_open(port, false);
        SAY(sleeper, "GET /sleep?ms=60000 HTTP/1.1\r\n" HOST "\r\n");
        free(wire_dialogue(port, LAST, "HTTP/1.1 200 "));
        mhd_stop(mhd);
        close(sleeper);
    }
}

static void it_stops_with_clients_idle_and_half_way(void **state)
{
    (void)state;
    for (int mode = MHD_MODE_INTERNAL; mode <= MHD_MODE_EXTERNAL; mode++) {
        struct mhd *mhd;
        uint16_t port = start_one(&mhd, (enum mhd_mode)mode);
        int idle = wire_open(port, false), half = wire_open(port, false);
        SAY(idle, GET);
        wire_hear_hello(idle);
        SAY(half, GET "GET / HT");
        wire_hear_hello(half);
        mhd_stop(mhd);
        close(idle);
        close(half);
        int fd; /* and the port is free again */
        assert_int_equal(listener_open(&fd, &port), 0);
        close(fd);
    }
}

int main(void)
{
#define WITH_MHD(test) cmocka_unit_test_setup_teardown(test, start, stop)
    const struct CMUnitTest tests[] = {
        WITH_MHD(hello_is_said_and_the_connection_kept),
        WITH_MHD(head_gets_no_body_and_other_methods_a_405),
        WITH_MHD(what_the_library_lets_through_is_refused),
        cmocka_unit_test(each_mode_shows_the_same_site),
        cmocka_unit_test(
            who_sleeps_keeps_nobody_waiting_and_ends_with_the_server),
        cmocka_unit_test(it_stops_with_clients_idle_and_half_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
