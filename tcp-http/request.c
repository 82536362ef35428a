/* SPDX-License-Identifier: MIT
 *
 * request.c - a loop over lines, and a function for each rule of the grammar. The
 * rule stands above its function.
 *
 *     HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]
 *
 * A rule's function gives the place behind what it matched, or NULL, and then
 * request->status is what to answer. To run out of bytes is no match either; but
 * a line is judged when its LF is here, and not before. Then a head means the
 * same in whatever pieces it comes.
 *
 * Invariant between calls: bytes[0 .. line) are whole lines, read for good; there
 * is no LF in bytes[line .. searched). So a line that came in pieces is read when
 * it first shows and once more when it is whole, and a head that comes a byte at
 * a time costs little more than one that comes whole.
 *
 * Read with: RFC 9112, whose rules these are.
 */
#include "request.h"

#include "scan.h"

static const char *refuse(struct request *request, int status)
{
    request->status = status;
    return NULL;
}

static struct span span_of(const char *bytes, const char *at, const char *end)
{
    return (struct span){(uint32_t)(at - bytes), (uint32_t)(end - at)};
}

/* CRLF. No rule takes a CR alone, nor an LF. */
static const char *line_end(struct request *request, const char *at,
                            const char *end)
{
    if (end - at < 2 || at[0] != '\r' || at[1] != '\n')
        return refuse(request, 400);
    return at + 2;
}

/* ---- The request line ---- */

/* origin-form = absolute-path [ "?" query ], which also ends an absolute-form. */
static const char *origin_form(struct request *request, const char *bytes,
                               const char *at, const char *end)
{
    const char *after = text_path_end(at, end);

    request->path = span_of(bytes, at, after);
    request->query = (struct span){0, 0};
    if (after < end && *after == '?') {
        at = after + 1;
        after = text_query_end(at, end);
        request->query = span_of(bytes, at, after);
    }
    return after;
}

/* absolute-form = "http://" authority path-abempty [ "?" query ], with a host */
static const char *absolute_form(struct request *request, const char *bytes,
                                 const char *at, const char *end)
{
    static const char scheme[] = "http://";
    const size_t skip = sizeof scheme - 1;

    if ((size_t)(end - at) <= skip ||
        !text_is_nocase((struct text){at, skip}, scheme))
        return refuse(request, 400);
    const char *host = at + skip, *after = host;
    while (after < end && *after != '/' && *after != '?')
        after++;
    if (after == host || *host == ':' ||
        !text_is_authority((struct text){host, (size_t)(after - host)}))
        return refuse(request, 400);
    return origin_form(request, bytes, after, end);
}

/* authority-form = uri-host ":" port, both there */
static const char *authority_form(struct request *request, const char *at,
                                  const char *end)
{
    struct text target = {at, (size_t)(end - at)};

    if (target.length == 0 || *at == ':' || end[-1] == ':' || end[-1] == ']' ||
        !text_is_authority(target) || memchr(at, ':', target.length) == NULL)
        return refuse(request, 400);
    return end;
}

/* request-target = origin-form / absolute-form / authority-form / asterisk-form,
 * the third for CONNECT and for nothing else, the last ("*") for OPTIONS. */
static const char *request_target(struct request *request, const char *bytes,
                                  const char *at, const char *end)
{
    struct text method = request_text(bytes, request->method);
    bool connect = text_is(method, "CONNECT");

    if (at < end && *at == '/' && !connect)
        return origin_form(request, bytes, at, end);
    request->path = request->query = (struct span){0, 0};
    const char *space = memchr(at, ' ', (size_t)(end - at));
    if (space == NULL)
        return refuse(request, 400);
    if (connect)
        return authority_form(request, at, space);
    if (space - at == 1 && *at == '*' && text_is(method, "OPTIONS"))
        return space;
    return absolute_form(request, bytes, at, space);
}

/* HTTP-version = "HTTP/" DIGIT "." DIGIT */
static const char *http_version(struct request *request, const char *at,
                                const char *end)
{
    if (end - at < 8 || memcmp(at, "HTTP/", 5) != 0 || at[5] < '0' ||
        at[5] > '9' || at[6] != '.' || at[7] < '0' || at[7] > '9')
        return refuse(request, 400);
    if (at[5] != '1')
        return refuse(request, 505);
    request->minor = at[7] > '0';
    return at + 8;
}

/* request-line = method SP request-target SP HTTP-version CRLF */
static const char *request_line(struct request *request, const char *bytes,
                                const char *at, const char *end)
{
    const char *after = scan(at, end, SCAN_TOKEN);

    if (after == at || after == end || *after != ' ')
        return refuse(request, 400);
    request->method = span_of(bytes, at, after);
    at = after + 1;
    after = request_target(request, bytes, at, end);
    if (after == NULL || after == at || after == end || *after != ' ')
        return refuse(request, 400);
    request->target = span_of(bytes, at, after);
    at = http_version(request, after + 1, end);
    return at == NULL ? NULL : line_end(request, at, end);
}

/* ---- Fields we know: 0, or the status to answer ---- */

/* Host = uri-host [ ":" port ], and at most one of them. */
static int take_host(struct request *request, struct text value)
{
    if (request->has_host || !text_is_authority(value))
        return 400;
    request->has_host = true;
    return 0;
}

/* Content-Length = 1*DIGIT, once; even two that agree are refused. */
static int take_length(struct request *request, struct text value)
{
    if (request->has_length || !text_is_number(value, &request->content_length))
        return 400;
    request->has_length = true;
    return 0;
}

/* Transfer-Encoding = "chunked" here: another coding, or a list of them, is one
 * we do not know, and so is the length of the body (RFC 9112, 6.1). */
static int take_coding(struct request *request, struct text value)
{
    if (request->chunked || !text_is_nocase(value, "chunked"))
        return 501;
    request->chunked = true;
    return 0;
}

/* Connection = #connection-option. Those we do not know change nothing. */
static int take_connection(struct request *request, struct text value)
{
    struct text option;

    while (value.length > 0) {
        text_cut(&value, ',', &option);
        option = text_trim(option);
        request->says_close |= text_is_nocase(option, "close");
        request->says_keep |= text_is_nocase(option, "keep-alive");
    }
    return 0;
}

/* Expect = "100-continue" here. HTTP/1.0 had no such field, and so no meaning
 * for it (RFC 9110, 10.1.1). */
static int take_expect(struct request *request, struct text value)
{
    if (request->minor == 0 || value.length == 0)
        return 0;
    if (!text_is_nocase(value, "100-continue"))
        return 417;
    request->expects_continue = true;
    return 0;
}

static int take_field(struct request *request, struct text name,
                      struct text value)
{
    switch (name.length) { /* most names are told apart by their length */
    case 4:
        return text_is_nocase(name, "Host") ? take_host(request, value) : 0;
    case 6:
        return text_is_nocase(name, "Expect") ? take_expect(request, value) : 0;
    case 10:
        return text_is_nocase(name, "Connection")
                   ? take_connection(request, value)
                   : 0;
    case 14:
        return text_is_nocase(name, "Content-Length")
                   ? take_length(request, value)
                   : 0;
    case 17:
        return text_is_nocase(name, "Transfer-Encoding")
                   ? take_coding(request, value)
                   : 0;
    default:
        return 0;
    }
}

/* field-line = field-name ":" OWS field-value OWS CRLF
 * A name is a token, so a blank before the colon or at the front of the line
 * (which once continued the line above: obs-fold) is refused with it. */
static const char *field_line(struct request *request, const char *at,
                              const char *end)
{
    const char *colon = scan(at, end, SCAN_TOKEN);

    if (colon == at || colon == end || *colon != ':')
        return refuse(request, 400);
    const char *value = scan(colon + 1, end, SCAN_BLANK);
    const char *after = scan_value(value, end);
    const char *next = line_end(request, after, end);
    if (next == NULL)
        return NULL;
    while (after > value && scan_is(after[-1], SCAN_BLANK))
        after--;
    int status = take_field(request, (struct text){at, (size_t)(colon - at)},
                            (struct text){value, (size_t)(after - value)});
    return status == 0 ? next : refuse(request, status);
}

/* ---- The whole head ---- */

/* The empty line: what no single line can tell. */
static enum parse finish(struct request *request, size_t head_length)
{
    request->head_length = (uint32_t)head_length;
    request->keep_alive =
        !request->says_close && (request->minor > 0 || request->says_keep);
    /* Two lengths for one body, or a coding HTTP/1.0 did not have: somebody
     * between the client and us may have counted differently. */
    if ((request->minor > 0 && !request->has_host) ||
        (request->chunked && (request->has_length || request->minor == 0))) {
        request->status = 400;
        return PARSE_BAD;
    }
    return PARSE_DONE;
}

/* No line ends within its limit. */
static int too_long(struct request *request, const char *bytes, size_t limit)
{
    if (request->has_line)
        return 431;
    if (request->line == limit) /* nothing but empty lines */
        return 400;
    const char *at = bytes + request->line;
    const char *space = memchr(at, ' ', limit - request->line);
    if (space == NULL) /* a method longer than any we know (RFC 9112, 3) */
        return 501;
    request->method = span_of(bytes, at, space);
    return 414;
}

/* The line that begins at `line` matches no rule: it is bad, or not all here. */
static enum parse judge(struct request *request, const char *bytes,
                        size_t limit, size_t most)
{
    size_t from = request->line;

    if (request->searched > from)
        from = request->searched;
    if (memchr(bytes + from, '\n', limit - from) != NULL)
        return PARSE_BAD;
    request->searched = (uint32_t)limit;
    request->status = limit == most ? too_long(request, bytes, limit) : 0;
    return limit == most ? PARSE_BAD : PARSE_MORE;
}

/* Whether the line under way was seen before, and still has not ended. */
static bool is_still_open(const struct request *request, const char *bytes,
                          size_t limit)
{
    return request->searched > request->line &&
           memchr(bytes + request->searched, '\n', limit - request->searched) ==
               NULL;
}

static bool is_empty_line(const char *at, const char *end)
{
    return end - at >= 2 && at[0] == '\r' && at[1] == '\n';
}

static enum parse first_line(struct request *request, const char *bytes,
                             size_t count)
{
    size_t limit = count < REQUEST_LINE_MAX ? count : REQUEST_LINE_MAX;
    const char *end = bytes + limit, *next = NULL;

    if (!is_still_open(request, bytes, limit)) {
        while (is_empty_line(bytes + request->line, end)) /* passed over */
            request->line += 2;
        next = request_line(request, bytes, bytes + request->line, end);
    }
    if (next == NULL)
        return judge(request, bytes, limit, REQUEST_LINE_MAX);
    request->has_line = true;
    request->line = request->first_field = (uint32_t)(next - bytes);
    return PARSE_DONE;
}

static enum parse other_lines(struct request *request, const char *bytes,
                              size_t count)
{
    size_t limit = count < REQUEST_HEAD_MAX ? count : REQUEST_HEAD_MAX;
    const char *at = bytes + request->line, *end = bytes + limit, *next = NULL;

    if (!is_still_open(request, bytes, limit)) {
        while (!is_empty_line(at, end) &&
               (next = field_line(request, at, end)) != NULL)
            at = next;
        request->line = (uint32_t)(at - bytes);
        if (is_empty_line(at, end))
            return finish(request, request->line + 2);
    }
    return judge(request, bytes, limit, REQUEST_HEAD_MAX);
}

enum parse request_parse(struct request *request, const char *bytes,
                         size_t count)
{
    enum parse result = PARSE_DONE;

    if (!request->has_line)
        result = first_line(request, bytes, count);
    return result == PARSE_DONE ? other_lines(request, bytes, count) : result;
}

bool request_field(const struct request *request, const char *bytes,
                   const char *name, struct text *value)
{
    struct text lines = {bytes + request->first_field,
                         request->head_length - 2 - request->first_field};
    struct text line, found;
    int times = 0;

    while (text_cut(&lines, '\n', &line)) {
        if (text_cut(&line, ':', &found) && text_is_nocase(found, name)) {
            *value = text_trim((struct text){line.at, line.length - 1});
            times++;
        }
    }
    return times == 1;
}
