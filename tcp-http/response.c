/* SPDX-License-Identifier: MIT
 *
 * response.c - one piece behind the other. The format string that could do the
 * same costs ten times as much (snprintf), and this runs once a request.
 */
#include "response.h"

#include <errno.h>
#include <stdio.h>

/* The reason of each status we give, and with a line end the body of an error. */
static const struct reason {
    int status;
    const char *line, *body;
} reasons[] = {
    {200, "HTTP/1.1 200 OK\r\nDate: ", ""},
    {304, "HTTP/1.1 304 Not Modified\r\nDate: ", ""},
#define REASON(status, text)                                                 \
    {                                                                        \
        status,                                                              \
            "HTTP/1.1 " #status " " text "\r\nDate: ", #status " " text "\n" \
    }
    REASON(400, "Bad Request"),
    REASON(403, "Forbidden"),
    REASON(404, "Not Found"),
    REASON(405, "Method Not Allowed"),
    REASON(408, "Request Timeout"),
    REASON(413, "Content Too Large"),
    REASON(414, "URI Too Long"),
    REASON(417, "Expectation Failed"),
    REASON(431, "Request Header Fields Too Large"),
    REASON(501, "Not Implemented"),
    REASON(503, "Service Unavailable"),
    REASON(505, "HTTP Version Not Supported"),
    REASON(500, "Internal Server Error"), /* the end: for all others */
};

static const struct reason *reason_of(int status)
{
    const struct reason *reason = reasons;

    while (reason->status != status && reason->status != 500)
        reason++;
    return reason;
}

struct response response_error(int status)
{
    return (struct response){.status = status,
                             .type = "text/plain",
                             .body = text_of(reason_of(status)->body)};
}

/* Each gives the place behind what it wrote. */
static char *put(char *out, const char *bytes, size_t count)
{
    memcpy(out, bytes, count);
    return out + count;
}

static char *put_string(char *out, const char *string)
{
    return put(out, string, strlen(string));
}

/* A field, unless its value is NULL. */
static char *put_field(char *out, const char *name, const char *value)
{
    if (value == NULL)
        return out;
    out = put_string(out, name);
    out = put_string(out, value);
    return put_string(out, "\r\n");
}

static char *put_number(char *out, int64_t number)
{
    char digits[20], *first = digits + sizeof digits;

    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put(out, first, (size_t)(digits + sizeof digits - first));
}

static size_t length_of(const char *string)
{
    return string ? strlen(string) : 0;
}

int response_write(const struct response *response, const char *date, char *out,
                   size_t room)
{
    const struct text *body = &response->body;
    size_t strings = length_of(response->allow) + length_of(response->type) +
                     length_of(response->modified);
    char *at = out;

    /* All else has under 256 bytes. */
    if (room < 256 + strings + (response->head_only ? 0 : body->length))
        return -ENOBUFS;
    at = put_string(at, reason_of(response->status)->line);
    at = put(at, date, RESPONSE_DATE_SIZE - 1);
    at = put_string(at, "\r\n");
    at = put_field(at, "Allow: ", response->allow);
    at = put_field(at, "Content-Type: ", response->type);
    at = put_field(at, "Last-Modified: ", response->modified);
    if (response->status != 304) { /* which has no body to measure */
        at = put_string(at, "Content-Length: ");
        at = put_number(at, response->apart + (int64_t)body->length);
        at = put_string(at, "\r\n");
    }
    at = put_string(at, response->close ? "Connection: close\r\n\r\n"
                                        : "Connection: keep-alive\r\n\r\n");
    if (!response->head_only && body->length > 0) /* its place may be NULL */
        at = put(at, body->at, body->length);
    return (int)(at - out);
}

void response_date(time_t second, char out[RESPONSE_DATE_SIZE])
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed",
                                   "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm t;

    gmtime_r(&second, &t);
    /* The remainders change nothing but what the compiler must believe. */
    snprintf(out, RESPONSE_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT",
             days[t.tm_wday], (unsigned)t.tm_mday % 100, months[t.tm_mon],
             (unsigned)(t.tm_year + 1900) % 10000, (unsigned)t.tm_hour % 100,
             (unsigned)t.tm_min % 100, (unsigned)t.tm_sec % 100);
}
