/* SPDX-License-Identifier: MIT
 *
 * client.c - connect, send, receive until the answer is whole.
 */
#include "client.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "text.h"
#include "util.h"

/* ---- URL ---- */

static int parse_host(struct text host, struct in_addr *out)
{
    char name[INET_ADDRSTRLEN];

    if (text_is_nocase(host, "localhost"))
        host = text_of("127.0.0.1");
    if (host.length >= sizeof name)
        return -EINVAL;
    memcpy(name, host.at, host.length);
    name[host.length] = '\0';
    return inet_pton(AF_INET, name, out) == 1 ? 0 : -EINVAL;
}

int url_parse(const char *text, struct url *out)
{
    static const char scheme[] = "http://";
    int64_t port = 80;

    if (strncmp(text, scheme, sizeof scheme - 1) != 0)
        return -EINVAL;
    const char *authority = text + sizeof scheme - 1;
    const char *path = authority + strcspn(authority, "/");
    const char *colon = memchr(authority, ':', (size_t)(path - authority));
    const char *host_end = colon != NULL ? colon : path;

    *out = (struct url){.address.sin_family = AF_INET,
                        .authority = authority,
                        .authority_length = (int)(path - authority),
                        .path = path};
    struct text host = {authority, (size_t)(host_end - authority)};
    if (parse_host(host, &out->address.sin_addr) < 0 ||
        !text_is_path_and_query(text_of(path)))
        return -EINVAL;
    if (colon != NULL) {
        struct text digits = {colon + 1, (size_t)(path - colon - 1)};
        if (!text_is_number(digits, &port) || port < 1 || port > 65535)
            return -EINVAL;
    }
    out->address.sin_port = htons((uint16_t)port);
    return 0;
}

/* ---- The answer ---- */

/* The value of a field, or a text of length 0. head ends with an empty line. */
static struct text find_field(struct text head, const char *name)
{
    for (;;) {
        const char *end = memmem(head.at, head.length, "\r\n", 2);
        if (end == NULL || end == head.at)
            return (struct text){head.at, 0};
        struct text line = {head.at, (size_t)(end - head.at)};
        const char *colon = memchr(line.at, ':', line.length);
        if (colon != NULL &&
            text_is_nocase((struct text){line.at, (size_t)(colon - line.at)},
                           name))
            return text_trim(
                (struct text){colon + 1, (size_t)(end - colon - 1)});
        head.length -= line.length + 2;
        head.at = end + 2;
    }
}

/* status-line = HTTP-version SP status-code SP [ reason-phrase ] */
static int parse_status(struct text head)
{
    int64_t status;

    if (head.length < 13 || memcmp(head.at, "HTTP/1.", 7) != 0 ||
        head.at[8] != ' ' || head.at[12] != ' ' ||
        !text_is_number((struct text){head.at + 9, 3}, &status))
        return -EPROTO;
    return (int)status;
}

/* 1 if the answer is whole, 0 if more must come, or a negative errno. */
static int look_at(struct answer *answer, bool at_end)
{
    const char *end = memmem(answer->bytes, answer->length, "\r\n\r\n", 4);
    int64_t length;

    if (end == NULL)
        return at_end ? -EPROTO : 0;
    answer->head = (size_t)(end - answer->bytes) + 4;
    struct text head = {answer->bytes, answer->head};
    answer->status = parse_status(head);
    if (answer->status < 0)
        return -EPROTO;
    if (find_field(head, "Transfer-Encoding").length > 0)
        return -ENOTSUP;
    struct text field = find_field(head, "Content-Length");
    if (field.length == 0)
        return at_end; /* the body is all that comes */
    if (!text_is_number(field, &length))
        return -EPROTO;
    if ((uint64_t)length <= answer->length - answer->head) {
        answer->length = answer->head + (size_t)length;
        return 1;
    }
    return at_end ? -EPROTO : 0;
}

static int receive_answer(int fd, struct answer *answer)
{
    size_t room = 0;

    for (;;) {
        if (answer->length == room) {
            room = room == 0 ? 16384 : 2 * room;
            char *bigger =
                room > CLIENT_ANSWER_MAX ? NULL : realloc(answer->bytes, room);
            if (bigger == NULL)
                return room > CLIENT_ANSWER_MAX ? -EMSGSIZE : -ENOMEM;
            answer->bytes = bigger;
        }
        ssize_t count = TEMP_FAILURE_RETRY(
            recv(fd, answer->bytes + answer->length, room - answer->length, 0));
        if (count < 0)
            return -errno;
        answer->length += (size_t)count;
        int rc = look_at(answer, count == 0);
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
}

static int send_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = TEMP_FAILURE_RETRY(send(fd, bytes, count, MSG_NOSIGNAL));
        if (sent < 0)
            return -errno;
        bytes += sent;
        count -= (size_t)sent;
    }
    return 0;
}

static int send_request(int fd, const struct url *url)
{
    char *request;
    int length = asprintf(&request,
                          "GET %s%s HTTP/1.1\r\n"
                          "Host: %.*s\r\n"
                          "Connection: close\r\n"
                          "\r\n",
                          url->path[0] == '/' ? "" : "/", url->path,
                          url->authority_length, url->authority);
    if (length < 0)
        return -ENOMEM;
    int rc = send_all(fd, request, (size_t)length);
    free(request);
    return rc;
}

int client_get(const struct url *url, struct answer *out)
{
    struct answer answer = {NULL, 0, 0, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    int rc = connect(fd, (const struct sockaddr *)&url->address,
                     sizeof url->address) < 0
                 ? -errno
                 : send_request(fd, url);
    if (rc == 0)
        rc = receive_answer(fd, &answer);
    close(fd);
    if (rc < 0)
        answer_free(&answer);
    else
        *out = answer;
    return rc;
}

void answer_free(struct answer *answer)
{
    free(answer->bytes);
    *answer = (struct answer){NULL, 0, 0, 0};
}
