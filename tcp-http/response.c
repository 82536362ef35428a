/* SPDX-License-Identifier: MIT
 *
 * response.c - one format string.
 */
#include "response.h"

#include <errno.h>
#include <stdio.h>

/* The reason of each status we give, and with a line end the body of an error. */
static const struct reason {
    int status;
    const char *text, *body;
} reasons[] = {
    {200, "OK", ""},
    {400, "Bad Request", "400 Bad Request\n"},
    {404, "Not Found", "404 Not Found\n"},
    {405, "Method Not Allowed", "405 Method Not Allowed\n"},
    {413, "Content Too Large", "413 Content Too Large\n"},
    {431, "Request Header Fields Too Large",
     "431 Request Header Fields Too Large\n"},
    {501, "Not Implemented", "501 Not Implemented\n"},
    {505, "HTTP Version Not Supported", "505 HTTP Version Not Supported\n"},
    {500, "Internal Server Error", "500 Internal Server Error\n"}, /* the end */
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
                             .body = text_of(reason_of(status)->body)};
}

int response_write(const struct response *response, const char *date, char *out,
                   size_t room)
{
    size_t body = response->head_only ? 0 : response->body.length;
    int head = snprintf(
        out, room,
        "HTTP/1.1 %d %s\r\n"
        "Date: %s\r\n"
        "Content-Type: text/html\r\n"
        "Content-Length: %zu\r\n"
        "%s%s%s"
        "Connection: %s\r\n"
        "\r\n",
        response->status, reason_of(response->status)->text, date,
        response->body.length, response->allow ? "Allow: " : "",
        response->allow ? response->allow : "", response->allow ? "\r\n" : "",
        response->close ? "close" : "keep-alive");

    if (head < 0 || (size_t)head >= room || room - (size_t)head < body)
        return -ENOBUFS;
    memcpy(out + head, response->body.at, body);
    return head + (int)body;
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
