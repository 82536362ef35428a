/* SPDX-License-Identifier: MIT
 *
 * url.c - cut at the "/", cut at the ":", and connect(2).
 */
#include "url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/time.h>
#include <unistd.h>

static void set_address(struct url *url, int family, const void *address,
                        uint16_t port)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&url->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&url->address;

    memset(&url->address, 0, sizeof url->address);
    if (family == AF_INET) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        memcpy(&v4->sin_addr, address, sizeof v4->sin_addr);
        url->size = sizeof *v4;
    } else {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        memcpy(&v6->sin6_addr, address, sizeof v6->sin6_addr);
        url->size = sizeof *v6;
    }
}

static int read_host(struct text host, int family, uint16_t port,
                     struct url *out)
{
    char name[INET6_ADDRSTRLEN];
    struct in6_addr address; /* room for either */

    out->is_localhost = family == AF_INET && text_is_nocase(host, "localhost");
    if (out->is_localhost)
        host = text_of("127.0.0.1");
    if (host.length >= sizeof name)
        return -EINVAL;
    memcpy(name, host.at, host.length);
    name[host.length] = '\0';
    if (inet_pton(family, name, &address) != 1)
        return -EINVAL;
    set_address(out, family, &address, port);
    return 0;
}

/* authority = ( "[" IPv6address "]" / IPv4address / "localhost" ) [ ":" port ] */
static int read_authority(struct text rest, struct url *out)
{
    int family = AF_INET;
    int64_t port = 80;
    struct text host;
    bool has_port;

    if (rest.length > 0 && rest.at[0] == '[') {
        struct text nothing;
        family = AF_INET6;
        rest.at++, rest.length--;
        if (!text_cut(&rest, ']', &host))
            return -EINVAL;
        has_port = text_cut(&rest, ':', &nothing);
        if (nothing.length > 0)
            return -EINVAL;
    } else {
        has_port = text_cut(&rest, ':', &host);
    }
    if (has_port && (!text_is_number(rest, &port) || port < 1 || port > 65535))
        return -EINVAL;
    return read_host(host, family, (uint16_t)port, out);
}

int url_parse(const char *text, struct url *out)
{
    static const char scheme[] = "http://";

    if (strncmp(text, scheme, sizeof scheme - 1) != 0)
        return -EINVAL;
    const char *authority = text + sizeof scheme - 1;
    const char *path = authority + strcspn(authority, "/");
    out->authority = (struct text){authority, (size_t)(path - authority)};
    out->path = text_of(path);
    if (!text_is_path_and_query(out->path))
        return -EINVAL;
    return read_authority(out->authority, out);
}

/* One address, one try. NODELAY: a small request must not wait for the answer to
 * the one before (Nagle's algorithm). */
static int try_connect(const struct url *url, int *fd)
{
    const struct timeval patience = {.tv_sec = URL_PATIENCE_S};
    int made = socket(url->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (made < 0)
        return -errno;
    if (setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) <
            0 ||
        setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) <
            0 ||
        setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) <
            0 ||
        connect(made, (const struct sockaddr *)&url->address, url->size) < 0) {
        int rc = errno == EINPROGRESS ? -ETIMEDOUT : -errno;
        close(made);
        return rc;
    }
    *fd = made;
    return 0;
}

int url_connect(const struct url *url, int *fd)
{
    int rc = try_connect(url, fd);

    if (rc == -ECONNREFUSED && url->is_localhost) {
        const struct sockaddr_in *v4 =
            (const struct sockaddr_in *)&url->address;
        struct url other = *url;
        set_address(&other, AF_INET6, &in6addr_loopback, ntohs(v4->sin_port));
        if (try_connect(&other, fd) == 0)
            rc = 0;
    }
    return rc;
}
