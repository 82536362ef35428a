/* SPDX-License-Identifier: MIT
 *
 * test_url.c - what url.h promises.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "listener.h"
#include "url.h"

#define ASSERT_TEXT(text, string)                                \
    do {                                                         \
        assert_int_equal((text).length, strlen(string));         \
        assert_memory_equal((text).at, (string), (text).length); \
    } while (0)

/* The address as text, and its port. */
static const char *address_of(const struct url *url, int *port)
{
    static char text[INET6_ADDRSTRLEN];
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&url->address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&url->address;
    if (url->address.ss_family == AF_INET) {
        assert_int_equal(url->size, sizeof *v4);
        *port = ntohs(v4->sin_port);
        return inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    }
    assert_int_equal(url->size, sizeof *v6);
    *port = ntohs(v6->sin6_port);
    return inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
}

static void a_url_is_an_address_a_host_field_and_a_path(void **state)
{
    static const struct {
        const char *url, *address;
        int port;
        const char *authority, *path;
    } cases[] = {
        {"http://127.0.0.1:8080/a?b", "127.0.0.1", 8080, "127.0.0.1:8080",
         "/a?b"},
        {"http://10.1.2.3", "10.1.2.3", 80, "10.1.2.3", ""},
        {"http://localhost/", "127.0.0.1", 80, "localhost", "/"},
        {"http://LocalHost:1/%41", "127.0.0.1", 1, "LocalHost:1", "/%41"},
        {"http://[::1]", "::1", 80, "[::1]", ""},
        {"http://[fe80::1:2]:65535/", "fe80::1:2", 65535, "[fe80::1:2]:65535",
         "/"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct url url;
        int port;
        assert_int_equal(url_parse(cases[i].url, &url), 0);
        assert_string_equal(address_of(&url, &port), cases[i].address);
        assert_int_equal(port, cases[i].port);
        ASSERT_TEXT(url.authority, cases[i].authority);
        ASSERT_TEXT(url.path, cases[i].path);
    }
}

static void anything_else_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "127.0.0.1",
        "https://127.0.0.1/",
        "HTTP://127.0.0.1/",
        "http://",
        "http:///",
        "http://a.example/",
        "http://127.0.0/",
        "http://0x7f.0.0.1/",
        "http://127.0.0.1:/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:8x/",
        "http://127.0.0.1:-1/",
        "http://127.0.0.1:1:2/",
        "http://u@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/%4",
        "http://127.0.0.1/#a",
        "http://127.0.0.1?a",
        "http://111.111.111.1111/",
        "http://::1/",
        "http://[::1/",
        "http://[::1]8080/",
        "http://[::1]a:80/",
        "http://[::1]:/",
        "http://[127.0.0.1]/",
        "http://[localhost]/",
        "http://[]/",
        "http://[1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20]/",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct url url;
        if (url_parse(bad[i], &url) != -EINVAL)
            fail_msg("accepted: %s", bad[i]);
    }
}

static void it_connects_and_no_call_waits_for_ever(void **state)
{
    uint16_t port = 0;
    int listener, fd;
    char text[64];
    struct url url;
    struct timeval patience;
    socklen_t size = sizeof patience;
    (void)state;
    assert_int_equal(listener_open(&listener, &port), 0);
    snprintf(text, sizeof text, "http://127.0.0.1:%d/", port);
    assert_int_equal(url_parse(text, &url), 0);
    assert_int_equal(url_connect(&url, &fd), 0);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, &size),
                     0);
    assert_int_equal(patience.tv_sec, URL_PATIENCE_S);
    close(fd);
    close(listener);
    assert_int_equal(url_connect(&url, &fd), -ECONNREFUSED);
}

/* A server that listens on ::1 alone; skipped where there is no IPv6. */
static void localhost_may_be_either_loopback(void **state)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_addr = in6addr_loopback};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fd;
    struct url url;
    char text[64];
    (void)state;
    if (listener < 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) < 0)
        skip();
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size),
                     0);
    snprintf(text, sizeof text, "http://localhost:%d/",
             ntohs(address.sin6_port));
    assert_int_equal(url_parse(text, &url), 0);
    assert_int_equal(url_connect(&url, &fd), 0);
    close(fd);
    snprintf(text, sizeof text, "http://[::1]:%d/", ntohs(address.sin6_port));
    assert_int_equal(url_parse(text, &url), 0);
    assert_int_equal(url_connect(&url, &fd), 0);
    close(fd);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_an_address_a_host_field_and_a_path),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(it_connects_and_no_call_waits_for_ever),
        cmocka_unit_test(localhost_may_be_either_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
