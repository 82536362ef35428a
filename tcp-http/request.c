/* SPDX-License-Identifier: MIT
 *
 * request.c - a loop that finds lines, and a function for each rule of the
 * grammar. The rule stands above its function.
 *
 *     HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]
 *
 * Invariant between calls: bytes[0 .. line) are whole lines, read for good;
 * there is no LF in bytes[line .. searched). So each byte is searched once, and
 * a head that comes a byte at a time costs no more than one that comes whole.
 *
 * Read with: RFC 9112, whose rules these are.
 */
#include "request.h"

static enum parse bad(struct request *request, int status)
{
    request->status = status;
    return PARSE_BAD;
}

static struct span span_of(const char *bytes, struct text text)
{
    return (struct span){(uint32_t)(text.at - bytes), (uint32_t)text.length};
}

/* origin-form = absolute-path [ "?" query ], which also ends an absolute-form. */
static bool parse_path(struct request *request, const char *bytes,
                       struct text text)
{
    struct text path;

    if (!text_is_path_and_query(text))
        return false;
    text_cut(&text, '?', &path);
    request->path = span_of(bytes, path);
    request->query = span_of(bytes, text);
    return true;
}

/* absolute-form = "http://" authority path-abempty [ "?" query ], with a host */
static bool parse_absolute(struct request *request, const char *bytes,
                           struct text target)
{
    static const char scheme[] = "http://";
    const size_t skip = sizeof scheme - 1;

    if (target.length <= skip ||
        !text_is_nocase((struct text){target.at, skip}, scheme))
        return false;
    struct text authority = {target.at + skip, 0};
    size_t rest = target.length - skip;
    while (rest > 0 && *(authority.at + authority.length) != '/' &&
           *(authority.at + authority.length) != '?')
        authority.length++, rest--;
    return authority.length > 0 && authority.at[0] != ':' &&
           text_is_authority(authority) &&
           parse_path(request, bytes,
                      (struct text){authority.at + authority.length, rest});
}

/* request-target = origin-form / absolute-form / authority-form / asterisk-form
 * authority-form = uri-host ":" port, for CONNECT only
 * asterisk-form = "*", for OPTIONS only */
static bool parse_target(struct request *request, const char *bytes,
                         struct text method, struct text target)
{
    if (target.length == 0)
        return false;
    if (text_is(method, "CONNECT"))
        return target.at[0] != ':' && text_is_authority(target) &&
               target.at[target.length - 1] != ':' &&
               target.at[target.length - 1] != ']' &&
               memchr(target.at, ':', target.length) != NULL;
    if (text_is(target, "*"))
        return text_is(method, "OPTIONS");
    if (target.at[0] == '/')
        return parse_path(request, bytes, target);
    return parse_absolute(request, bytes, target);
}

/* HTTP-version = "HTTP/" DIGIT "." DIGIT. Gives 0, or the status to answer. */
static int parse_version(struct request *request, struct text version)
{
    if (version.length != 8 || memcmp(version.at, "HTTP/", 5) != 0 ||
        version.at[5] < '0' || version.at[5] > '9' || version.at[6] != '.' ||
        version.at[7] < '0' || version.at[7] > '9')
        return 400;
    request->minor = version.at[7] > '0';
    return version.at[5] == '1' ? 0 : 505;
}

/* request-line = method SP request-target SP HTTP-version */
static enum parse parse_request_line(struct request *request, const char *bytes,
                                     struct text line)
{
    struct text method, target;

    if (!text_cut(&line, ' ', &method) || !text_cut(&line, ' ', &target) ||
        !text_is_token(method))
        return bad(request, 400);
    request->method = span_of(bytes, method);
    request->target = span_of(bytes, target);
    int status = parse_version(request, line);
    if (status != 0)
        return bad(request, status);
    if (!parse_target(request, bytes, method, target))
        return bad(request, 400);
    request->has_line = true;
    request->fields.at = (uint32_t)request->line;
    return PARSE_MORE;
}

/* Host = uri-host [ ":" port ], and at most one of them. */
static enum parse parse_host(struct request *request, struct text value)
{
    if (request->has_host || !text_is_authority(value))
        return bad(request, 400);
    request->has_host = true;
    return PARSE_MORE;
}

/* Content-Length = 1*DIGIT, once; even two that agree are refused. */
static enum parse parse_length(struct request *request, struct text value)
{
    if (request->has_length || !text_is_number(value, &request->content_length))
        return bad(request, 400);
    request->has_length = true;
    return PARSE_MORE;
}

/* Transfer-Encoding = "chunked" here: another coding, or a list of them, is one
 * we do not know, and so is the length of the body (RFC 9112, 6.1). */
static enum parse parse_coding(struct request *request, struct text value)
{
    if (request->has_coding || !text_is_nocase(value, "chunked"))
        return bad(request, 501);
    request->has_coding = request->chunked = true;
    return PARSE_MORE;
}

/* Expect = "100-continue" here. HTTP/1.0 had no such field, and so no meaning
 * for it (RFC 9110, 10.1.1). */
static enum parse parse_expect(struct request *request, struct text value)
{
    if (request->minor == 0 || value.length == 0)
        return PARSE_MORE;
    if (!text_is_nocase(value, "100-continue"))
        return bad(request, 417);
    request->expects_continue = true;
    return PARSE_MORE;
}

/* field-line = field-name ":" OWS field-value OWS
 * A name is a token, so a blank before the colon or at the front of the line
 * (which once continued the line above: obs-fold) is refused with it. */
static enum parse parse_field(struct request *request, struct text line)
{
    struct text name;

    if (!text_cut(&line, ':', &name) || !text_is_token(name) ||
        !text_is_value(line))
        return bad(request, 400);
    struct text value = text_trim(line);

    switch (name.length) { /* most names are told apart by their length */
    case 4:
        return text_is_nocase(name, "Host") ? parse_host(request, value)
                                            : PARSE_MORE;
    case 6:
        return text_is_nocase(name, "Expect") ? parse_expect(request, value)
                                              : PARSE_MORE;
    case 10:
        if (text_is_nocase(name, "Connection")) {
            request->says_close |= text_list_has(value, "close");
            request->says_keep |= text_list_has(value, "keep-alive");
        }
        return PARSE_MORE;
    case 14:
        return text_is_nocase(name, "Content-Length")
                   ? parse_length(request, value)
                   : PARSE_MORE;
    case 17:
        return text_is_nocase(name, "Transfer-Encoding")
                   ? parse_coding(request, value)
                   : PARSE_MORE;
    default:
        return PARSE_MORE;
    }
}

/* The empty line: what no single line can tell. */
static enum parse finish(struct request *request)
{
    if (request->minor > 0 && !request->has_host)
        return bad(request, 400);
    /* Two lengths for one body, or a coding HTTP/1.0 did not have: somebody
     * between the client and us may have counted differently. */
    if (request->has_coding && (request->has_length || request->minor == 0))
        return bad(request, 400);
    request->keep_alive =
        !request->says_close && (request->minor > 0 || request->says_keep);
    request->head_length = request->line;
    request->fields.length = (uint32_t)request->line - 2 - request->fields.at;
    return PARSE_DONE;
}

/* One line, from bytes[line] to the LF at end. A CR must stand before the LF;
 * it may stand nowhere else, as no rule of the grammar takes one. */
static enum parse parse_line(struct request *request, const char *bytes,
                             size_t end)
{
    struct text line = {bytes + request->line, end - request->line};

    if (line.length == 0 || bytes[end - 1] != '\r')
        return bad(request, 400);
    line.length--;
    request->line = request->searched = end + 1;
    if (!request->has_line) /* empty lines before the first are passed over */
        return line.length == 0 ? PARSE_MORE
                                : parse_request_line(request, bytes, line);
    return line.length == 0 ? finish(request) : parse_field(request, line);
}

/* No line ends within the limit. A method that fills it is longer than any that
 * we know (RFC 9112, 3). */
static enum parse too_long(struct request *request, const char *bytes)
{
    size_t length = REQUEST_LINE_MAX - request->line;

    if (request->has_line)
        return bad(request, 431);
    return bad(request, memchr(bytes + request->line, ' ', length) ? 414 : 501);
}

enum parse request_parse(struct request *request, const char *bytes,
                         size_t count)
{
    for (;;) {
        size_t most = request->has_line ? REQUEST_HEAD_MAX : REQUEST_LINE_MAX;
        size_t limit = count < most ? count : most;
        const char *end =
            memchr(bytes + request->searched, '\n', limit - request->searched);
        if (end == NULL) {
            request->searched = limit;
            return limit == most ? too_long(request, bytes) : PARSE_MORE;
        }
        enum parse result = parse_line(request, bytes, (size_t)(end - bytes));
        if (result != PARSE_MORE)
            return result;
    }
}

bool request_field(const struct request *request, const char *bytes,
                   const char *name, struct text *value)
{
    struct text lines = request_text(bytes, request->fields), line, found;
    int times = 0;

    while (text_cut(&lines, '\n', &line)) {
        if (text_cut(&line, ':', &found) && text_is_nocase(found, name)) {
            *value = text_trim((struct text){line.at, line.length - 1});
            times++;
        }
    }
    return times == 1;
}
