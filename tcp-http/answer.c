/* SPDX-License-Identifier: MIT
 *
 * answer.c - wait for the empty line, then read line by line.
 */
#include "answer.h"

struct framing {
    bool has_length, is_chunked, says_close, says_keep;
};

/* status-line = "HTTP/1." DIGIT SP 3DIGIT SP [ reason-phrase ] CRLF */
static bool read_status(struct text line, int *minor, int *status)
{
    int64_t digit, code;

    if (line.length < 13 || memcmp(line.at, "HTTP/1.", 7) != 0 ||
        !text_is_number((struct text){line.at + 7, 1}, &digit) ||
        line.at[8] != ' ' ||
        !text_is_number((struct text){line.at + 9, 3}, &code) || code < 100 ||
        line.at[12] != ' ' ||
        !text_is_value((struct text){line.at + 13, line.length - 13}))
        return false;
    *minor = (int)digit;
    *status = (int)code;
    return true;
}

/* field-line = field-name ":" OWS field-value OWS CRLF */
static bool read_field(struct text line, struct answer *answer,
                       struct framing *framing)
{
    struct text name;
    bool has_colon = text_cut(&line, ':', &name);
    struct text value = text_trim(line);

    if (!has_colon || !text_is_token(name) || !text_is_value(value))
        return false;
    if (text_is_nocase(name, "Content-Length")) {
        bool again = framing->has_length;
        framing->has_length = true;
        return !again && text_is_number(value, &answer->length);
    }
    if (text_is_nocase(name, "Transfer-Encoding")) {
        bool again = framing->is_chunked;
        framing->is_chunked = true;
        return !again && text_is_nocase(value, "chunked");
    }
    if (text_is_nocase(name, "Connection")) {
        framing->says_close |= text_list_has(value, "close");
        framing->says_keep |= text_list_has(value, "keep-alive");
    }
    return true;
}

/* Cuts a line off *rest; it must end in CR LF. */
static bool take_line(struct text *rest, struct text *line)
{
    if (!text_cut(rest, '\n', line) || line->length == 0 ||
        line->at[line->length - 1] != '\r')
        return false;
    line->length--;
    return true;
}

/* RFC 9112, 6.3: which of the ways to end a body it is. */
static enum answer_body body_of(const struct answer *answer,
                                const struct framing *framing, bool to_head)
{
    if (to_head || answer->status < 200 || answer->status == 204 ||
        answer->status == 304)
        return BODY_NONE;
    if (framing->is_chunked)
        return BODY_CHUNKED;
    return framing->has_length ? BODY_COUNTED : BODY_TO_END;
}

enum parse answer_parse(struct answer *answer, const char *bytes, size_t count,
                        bool to_head)
{
    const char *end = memmem(bytes, count, "\r\n\r\n", 4);
    struct framing framing = {false};
    struct text line;
    int minor;

    if (end == NULL)
        return count < ANSWER_HEAD_MAX ? PARSE_MORE : PARSE_BAD;
    *answer = (struct answer){.head_length = (size_t)(end - bytes) + 4};
    struct text rest = {bytes, answer->head_length - 2};
    if (rest.length > ANSWER_HEAD_MAX || !take_line(&rest, &line) ||
        !read_status(line, &minor, &answer->status))
        return PARSE_BAD;
    while (rest.length > 0)
        if (!take_line(&rest, &line) || !read_field(line, answer, &framing))
            return PARSE_BAD;
    if (framing.is_chunked && (framing.has_length || minor == 0))
        return PARSE_BAD;
    answer->body = body_of(answer, &framing, to_head);
    answer->keep_alive = !framing.says_close && answer->body != BODY_TO_END &&
                         (minor > 0 || framing.says_keep);
    return PARSE_DONE;
}
