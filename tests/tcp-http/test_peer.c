/* SPDX-License-Identifier: MIT
 *
 * test_peer.c - what peer.h promises, on a socket pair: no network, no loop.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peer.h"
#include "wire.h"

struct fixture {
    struct counters counters;
    struct shared shared;
    int client;
    struct peer *peer;
};

static int start(void **state)
{
    static struct fixture f;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
        fcntl(pair[1], F_SETFL, O_NONBLOCK) < 0)
        return -1;
    f.client = pair[0];
    shared_init(&f.shared, &f.counters);
    f.peer = peer_new(pair[1], &f.shared);
    *state = &f;
    return f.peer == NULL ? -1 : 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;
    if (f->client >= 0)
        close(f->client);
    peer_free(f->peer);
    exchanges_destroy(&f->shared.exchanges);
    return f->shared.exchanges.lent == 0 ? 0 : -1;
}

static void a_request_is_carried_in_and_its_answer_out(void **state)
{
    struct fixture *f = *state;
    SAY(f->client, GET);
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_READ);
    wire_hear_hello(f->client);
}

static void nothing_to_read_is_no_error(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_READ);
    assert_int_equal(peer_carry(f->peer, false), CONNECTION_READ);
}

static void it_receives_once_and_only_when_told(void **state)
{
    struct fixture *f = *state;
    char waste[EXCHANGE_IN_MAX] =
        ""; /* more than one buffer holds, and a GET */
    SAY(f->client, "PUT / HTTP/1.1\r\n" HOST "Content-Length: 20480\r\n\r\n");
    wire_say(f->client, waste, sizeof waste);
    SAY(f->client, GET);
    for (int told = 0; told < 3; told++)
        assert_int_equal(peer_carry(f->peer, false), CONNECTION_READ);
    assert_int_equal(recv(f->client, waste, 1, MSG_DONTWAIT), -1);
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_READ);
    assert_int_equal(recv(f->client, waste, 1, MSG_DONTWAIT), -1);
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_READ);
    assert_int_equal(recv(f->client, waste, 9, MSG_DONTWAIT), 9);
}

static void a_full_socket_is_waited_for(void **state)
{
    struct fixture *f = *state;
    enum { MANY = 4000 };
    unsigned wishes = CONNECTION_READ;
    long asked = 0;
    for (; asked < MANY && (wishes & CONNECTION_READ); asked++) {
        SAY(f->client, GET);
        wishes = peer_carry(f->peer, true);
    }
    assert_int_equal(wishes, CONNECTION_WRITE);
    for (long heard = 0; heard < asked; heard++) {
        wire_hear_hello(f->client);
        peer_carry(f->peer, false);
    }
    assert_int_equal(peer_carry(f->peer, false), CONNECTION_READ);
}

static void a_client_that_left_unheard_is_closed_without_a_signal(void **state)
{
    struct fixture *f = *state;
    SAY(f->client, GET);
    close(f->client);
    f->client = -1;
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_CLOSE);
}

static void a_half_closed_client_is_answered_and_then_closed(void **state)
{
    struct fixture *f = *state;
    SAY(f->client, GET);
    assert_int_equal(shutdown(f->client, SHUT_WR), 0);
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_READ);
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_CLOSE);
    wire_hear_hello(f->client);
}

static void a_half_closed_client_gets_the_answers_that_still_wait(void **state)
{
    struct fixture *f = *state;
    long asked = 0;
    /* Until the socket is full, but the connection would still read. */
    for (unsigned wishes = 0; !(wishes & CONNECTION_WRITE); asked++) {
        SAY(f->client, GET);
        wishes = peer_carry(f->peer, true);
    }
    assert_int_equal(shutdown(f->client, SHUT_WR), 0);
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_WRITE);
    for (; asked > 0; asked--) {
        wire_hear_hello(f->client);
        peer_carry(f->peer, true);
    }
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_CLOSE);
}

static void lingering_says_the_end_and_throws_away_what_comes(void **state)
{
    struct fixture *f = *state;
    char byte;
    SAY(f->client, "G@RBAGE\r\n");
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_LINGER);
    free(wire_hear_all(f->client, NULL)); /* the client sees the end */
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_LINGER);
    SAY(f->client, "more");
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_LINGER);
    assert_int_equal(recv(f->peer->fd, &byte, 1, MSG_PEEK), -1);
    assert_int_equal(shutdown(f->client, SHUT_WR), 0);
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_CLOSE);
}

/* ---- Files ---- */

enum { LARGE = 3 << 20 };

/* A directory with a file in it, whose bytes tell their place. */
static void make_file(struct fixture *f, char *root, char *path)
{
    assert_non_null(mkdtemp(root));
    sprintf(path, "%s/large.txt", root);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    static uint32_t words[LARGE / 4];
    for (uint32_t i = 0; i < LARGE / 4; i++)
        words[i] = i;
    assert_int_equal(write(fd, words, LARGE), LARGE);
    close(fd);
    assert_int_equal(files_open(&f->shared.files, root), 0);
}

static void remove_file(struct fixture *f, const char *root, const char *path)
{
    unlink(path);
    rmdir(root);
    files_close(f->shared.files);
    f->shared.files = NULL;
}

static void
a_large_file_is_sent_whole_and_the_next_answer_after_it(void **state)
{
    struct fixture *f = *state;
    char root[] = "/tmp/tcp-http-XXXXXX", path[64], head[512] = "";
    make_file(f, root, path);
    SAY(f->client, "HEAD /large.txt HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_READ);
    assert_true(recv(f->client, head, sizeof head - 1, 0) > 0);
    assert_non_null(strstr(head, "\r\nContent-Length: 3145728\r\n"));

    SAY(f->client, "GET /large.txt HTTP/1.1\r\n" HOST "\r\n"
                   "GET /none HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_WRITE);
    size_t at = 0;
    while (at < 4 || memcmp(head + at - 4, "\r\n\r\n", 4) != 0)
        assert_int_equal(recv(f->client, head + at++, 1, 0), 1);
    for (uint32_t i = 0; i < LARGE / 4;) {
        uint32_t words[1024];
        ssize_t count = recv(f->client, words, sizeof words, MSG_DONTWAIT);
        if (count < 0)
            peer_carry(f->peer, false);
        for (ssize_t k = 0; k < count / 4; k++)
            assert_int_equal(words[k], i++);
        assert_true(count < 0 || count % 4 == 0);
    }
    peer_carry(f->peer, false);
    assert_true(recv(f->client, head, sizeof head, 0) > 13);
    assert_memory_equal(head, "HTTP/1.1 404 ", 13);
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_READ);
    remove_file(f, root, path);
}

static void a_file_that_shrinks_meanwhile_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    char root[] = "/tmp/tcp-http-XXXXXX", path[64], waste[65536];
    unsigned wishes = CONNECTION_WRITE;
    size_t heard = 0;
    make_file(f, root, path);
    SAY(f->client, "GET /large.txt HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(peer_carry(f->peer, true), CONNECTION_WRITE);
    assert_int_equal(truncate(path, LARGE / 2), 0);
    while (wishes == CONNECTION_WRITE) {
        ssize_t count = recv(f->client, waste, sizeof waste, MSG_DONTWAIT);
        heard += count > 0 ? (size_t)count : 0;
        wishes = peer_carry(f->peer, false);
    }
    assert_int_equal(wishes, CONNECTION_CLOSE);
    assert_true(heard < LARGE);
    remove_file(f, root, path);
}

int main(void)
{
#define WITH_PEER(test) cmocka_unit_test_setup_teardown(test, start, stop)
    const struct CMUnitTest tests[] = {
        WITH_PEER(a_request_is_carried_in_and_its_answer_out),
        WITH_PEER(nothing_to_read_is_no_error),
        WITH_PEER(it_receives_once_and_only_when_told),
        WITH_PEER(a_full_socket_is_waited_for),
        WITH_PEER(a_client_that_left_unheard_is_closed_without_a_signal),
        WITH_PEER(a_half_closed_client_is_answered_and_then_closed),
        WITH_PEER(a_half_closed_client_gets_the_answers_that_still_wait),
        WITH_PEER(a_large_file_is_sent_whole_and_the_next_answer_after_it),
        WITH_PEER(a_file_that_shrinks_meanwhile_ends_the_connection),
        WITH_PEER(lingering_says_the_end_and_throws_away_what_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
