/* SPDX-License-Identifier: MIT
 *
 * cases.c - a reader of lines, and a strict reader of answers.
 */
#include "cases.h"

#include <ctype.h>
#include <errno.h>
#include <error.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- The files ---- */

static char *read_text(const char *name)
{
    char path[512];
    size_t size = 0;
    char *text = NULL;

    snprintf(path, sizeof path, CASES_FOLDER "/%s", name);
    FILE *file = fopen(path, "re");
    if (file == NULL || getdelim(&text, &size, '\0', file) < 0)
        error(EXIT_FAILURE, errno, "read %s", path);
    fclose(file);
    return text;
}

/* The byte that begins at *at, which moves behind it. */
static int unescaped(char **at)
{
    static const char letters[] = "rnt\\", meant[] = "\r\n\t\\";
    char c = *(*at)++;

    if (c != '\\')
        return (unsigned char)c;
    c = *(*at)++;
    const char *letter = strchr(letters, c);
    if (c != '\0' && letter != NULL)
        return meant[letter - letters];
    if (c != 'x' || !isxdigit((unsigned char)(*at)[0]) ||
        !isxdigit((unsigned char)(*at)[1]))
        error(EXIT_FAILURE, 0, "no such escape: \\%c%s", c, *at);
    char digits[] = {(*at)[0], (*at)[1], '\0'};
    *at += 2;
    return (int)strtol(digits, NULL, 16);
}

/* Appends what text says, times times. */
static void append(char **bytes, size_t *length, char *text, long times)
{
    char *count = strstr(text, "{i}");
    FILE *out = NULL;
    char *more = NULL;
    size_t size = 0;

    out = open_memstream(&more, &size);
    if (out == NULL)
        error(EXIT_FAILURE, errno, "open a memory stream");
    for (long i = 0; i < times; i++) {
        for (char *at = text; *at != '\0';) {
            if (at == count) {
                fprintf(out, "%ld", i);
                at += 3;
            } else {
                fputc(unescaped(&at), out);
            }
        }
    }
    fclose(out);
    *bytes = realloc(*bytes, *length + size + 1);
    if (*bytes == NULL)
        error(EXIT_FAILURE, ENOMEM, "keep %zu bytes", size);
    memcpy(*bytes + *length, more, size + 1);
    *length += size;
    free(more);
}

static void add_expected(struct http_case *c, char *statuses, long times)
{
    char *head = strstr(statuses, " head");

    if (head != NULL)
        *head = '\0';
    size_t length = strlen(statuses);
    bool optional = length > 0 && statuses[length - 1] == '?';
    if (optional)
        statuses[length - 1] = '\0';
    c->expected = realloc(c->expected,
                          (c->answers + (size_t)times) * sizeof *c->expected);
    if (c->expected == NULL)
        error(EXIT_FAILURE, ENOMEM, "keep %ld answers", times);
    while (times-- > 0)
        c->expected[c->answers++] =
            (struct expected){statuses, head != NULL, optional};
}

static void begin_case(struct cases *cases, const char *name)
{
    cases->at = realloc(cases->at, (cases->count + 1) * sizeof *cases->at);
    if (cases->at == NULL)
        error(EXIT_FAILURE, ENOMEM, "keep a case");
    cases->at[cases->count++] = (struct http_case){
        .name = name, .level = "must", .await_at = SIZE_MAX, .then = "any"};
}

/* One line: a word, perhaps *N, and the rest. */
static bool read_line(struct http_case *c, const char *word, long times,
                      char *rest)
{
    if (strcmp(word, ">") == 0)
        append(&c->sent, &c->length, rest, times);
    else if (strcmp(word, "<") == 0)
        add_expected(c, rest, times);
    else if (strcmp(word, "echo") == 0) {
        append(&c->echo, &c->echo_length, rest, times);
        c->has_echo = true;
    } else if (strcmp(word, "field") == 0) {
        c->field_status = strsep(&rest, " ");
        c->field_name = rest;
    } else if (strcmp(word, "why") == 0)
        c->why = rest;
    else if (strcmp(word, "level") == 0)
        c->level = rest;
    else if (strcmp(word, "ours") == 0)
        c->ours = rest;
    else if (strcmp(word, "then") == 0)
        c->then = rest;
    else if (strcmp(word, "await") == 0)
        c->await_at = c->length;
    else if (strcmp(word, "fin") == 0)
        c->fin = true;
    else if (strcmp(word, "http10") == 0)
        c->http10 = true;
    else if (strcmp(word, "no-interim") == 0)
        c->no_interim = true;
    else
        return false;
    return true;
}

struct cases cases_read(const char *name)
{
    struct cases cases = {.text = read_text(name)};
    char *rest = cases.text, *line;
    int number = 0;

    while ((line = strsep(&rest, "\n")) != NULL) {
        number++;
        if (line[0] == '\0' || line[0] == '#')
            continue;
        char *value = line, *word = strsep(&value, " "), *star = word;
        strsep(&star, "*");
        long times = star ? strtol(star, NULL, 10) : 1;
        if (value == NULL)
            value = word + strlen(word);
        if (strcmp(word, "case") == 0)
            begin_case(&cases, value);
        else if (cases.count == 0 ||
                 !read_line(&cases.at[cases.count - 1], word, times, value))
            error(EXIT_FAILURE, 0, "cases/%s:%d: '%s'", name, number, word);
    }
    return cases;
}

void cases_free(struct cases *cases)
{
    for (size_t i = 0; i < cases->count; i++) {
        free(cases->at[i].sent);
        free(cases->at[i].echo);
        free(cases->at[i].expected);
    }
    free(cases->at);
    free(cases->text);
}

/* ---- Answers ---- */

struct answer {
    int status;
    const char *head, *body;
    size_t head_length, body_length;
};

/* The value of a field, without blanks around it; NULL if there is none. */
static const char *field(const struct answer *answer, const char *name,
                         size_t *length)
{
    const char *end = answer->head + answer->head_length;
    size_t size = strlen(name);

    for (const char *at = answer->head; at < end;) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        if ((size_t)(lf - at) > size && at[size] == ':' &&
            strncasecmp(at, name, size) == 0) {
            at += size + 1;
            at += strspn(at, " \t");
            *length = (size_t)(lf - 1 - at);
            return at;
        }
        at = lf + 1;
    }
    return NULL;
}

/* name ":" value, and no control characters. */
static bool is_field_line(const char *at, const char *end)
{
    const char *colon = memchr(at, ':', (size_t)(end - at));

    if (colon == NULL || colon == at)
        return false;
    for (const char *c = at; c < colon; c++)
        if (!isalnum((unsigned char)*c) &&
            strchr("!#$%&'*+-.^_`|~", *c) == NULL)
            return false;
    for (const char *c = colon; c < end; c++)
        if ((unsigned char)*c < ' ' && *c != '\t')
            return false;
    return true;
}

/* "HTTP/1.x 200 " and a reason: the status, or 0 if it is no such line. */
static int status_of(const char *line, const char *end)
{
    static const char form[] = "HTTP/1.x 000 ";
    int status = 0;

    if ((size_t)(end - line) < sizeof form - 1)
        return 0;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (form[i] == '0' && isdigit((unsigned char)line[i]))
            status = status * 10 + line[i] - '0';
        else if (form[i] == 'x' ? line[i] != '0' && line[i] != '1'
                                : line[i] != form[i])
            return 0;
    }
    return status;
}

/* The head: a status line, field lines, an empty line. */
static const char *read_head(const char **at, const char *end,
                             struct answer *answer)
{
    const char *line = *at, *head = NULL;

    for (;;) {
        const char *lf = memchr(line, '\n', (size_t)(end - line));
        if (lf == NULL)
            return "an answer's head is not whole";
        if (lf == line || lf[-1] != '\r')
            return "a line of the answer does not end with CRLF";
        if (head == NULL) {
            answer->status = status_of(line, lf);
            if (answer->status < 100)
                return "a malformed status line";
            answer->head = head = lf + 1;
        } else if (lf == line + 1) {
            answer->head_length = (size_t)(line - head);
            *at = lf + 1;
            return NULL;
        } else if (!is_field_line(line, lf - 1)) {
            return "a malformed field line in the answer";
        }
        line = lf + 1;
    }
}

static const char *read_answer(const char **at, const char *end, bool head,
                               bool closed, struct answer *answer)
{
    const char *wrong = read_head(at, end, answer);
    size_t digits, coding;

    if (wrong != NULL)
        return wrong;
    const char *length = field(answer, "Content-Length", &digits);
    if (field(answer, "Transfer-Encoding", &coding) != NULL)
        return "an answer in a coding";
    answer->body = *at;
    answer->body_length = 0;
    if (answer->status < 200 || answer->status == 204 || answer->status == 304)
        return length && answer->status != 304 ? "a length of no body" : NULL;
    if (length != NULL &&
        (digits == 0 || strspn(length, "0123456789") != digits))
        return "a malformed Content-Length";
    if (length == NULL && !closed)
        return "an answer that does not end";
    size_t here = (size_t)(end - *at);
    answer->body_length = head ? 0 : length ? strtoul(length, NULL, 10) : here;
    if (answer->body_length > here)
        return "an answer's body is not whole";
    *at += answer->body_length;
    return NULL;
}

size_t case_answers(const struct http_case *c, struct heard heard)
{
    const char *at = heard.bytes, *end = at + heard.length;
    struct answer answer;
    size_t got = 0;

    while (at < end) {
        bool head = got < c->answers && c->expected[got].head;
        if (read_answer(&at, end, head, heard.closed, &answer) != NULL)
            break;
        got += answer.status >= 200;
    }
    return got;
}

int case_heard(struct heard heard)
{
    if (heard.length < 10)
        return 0;
    return heard.bytes[9] == '1' ? 1 : 2;
}

/* ---- The judge ---- */

static bool is_ok(int status)
{
    return (status >= 200 && status < 400) || status == 401 || status == 403 ||
           status == 404 || status == 405 || status == 406 || status == 410 ||
           status == 415;
}

/* Whether this choice ("ok|4xx") has the status, or the word. */
static bool has(const char *choice, int status, const char *word)
{
    char copy[128], *rest = copy, *one, number[16];

    snprintf(copy, sizeof copy, "%s", choice);
    snprintf(number, sizeof number, "%d", status);
    while ((one = strsep(&rest, "|")) != NULL) {
        if (word != NULL
                ? strcmp(one, word) == 0
                : strcmp(one, number) == 0 ||
                      (strcmp(one, "ok") == 0 && is_ok(status)) ||
                      (one[0] == number[0] && strcmp(one + 1, "xx") == 0))
            return true;
    }
    return false;
}

enum case_then case_then(const struct http_case *c, int last_status)
{
    static const char *const words[] = {"open", "closed", "wait", "any"};
    char copy[128], *rest = copy, *one;

    for (int i = 0; i < 4; i++)
        if (strcmp(c->then, words[i]) == 0)
            return (enum case_then)i;
    snprintf(copy, sizeof copy, "%s", c->then);
    while ((one = strsep(&rest, " ")) != NULL) {
        char *how = one;
        strsep(&how, "=");
        for (int i = 0; how != NULL && i < 4; i++)
            if (has(one, last_status, NULL) && strcmp(how, words[i]) == 0)
                return (enum case_then)i;
    }
    return THEN_ANY;
}

static char reason[512];

#define WRONG(...) (snprintf(reason, sizeof reason, __VA_ARGS__), reason)

static const char *judge_answer(const struct http_case *c, size_t i,
                                const struct answer *answer)
{
    size_t length;

    if (i >= c->answers)
        return WRONG("an answer (%d) that nobody asked for", answer->status);
    if (!has(c->expected[i].statuses, answer->status, NULL))
        return WRONG("answer %zu: %d, wanted %s", i + 1, answer->status,
                     c->expected[i].statuses);
    if (c->field_status && has(c->field_status, answer->status, NULL) &&
        field(answer, c->field_name, &length) == NULL)
        return WRONG("a %d without a field %s", answer->status, c->field_name);
    if (i == 0 && c->has_echo && has("2xx", answer->status, NULL) &&
        (answer->body_length != c->echo_length ||
         memcmp(answer->body, c->echo, c->echo_length) != 0))
        return WRONG("the body is not echoed: %.*s", (int)answer->body_length,
                     answer->body);
    return NULL;
}

/* No more answers came than got: may it be so few, and is the connection as it
 * should be? */
static const char *judge_end(const struct http_case *c, size_t got, bool closed,
                             int last)
{
    enum case_then then = case_then(c, last);

    if (got < c->answers) {
        const struct expected *next = &c->expected[got];
        if (!(closed && (next->optional || has(next->statuses, 0, "drop"))) &&
            !(!closed && has(next->statuses, 0, "wait")))
            return WRONG("answer %zu is missing, wanted %s", got + 1,
                         next->statuses);
    }
    if (then == THEN_CLOSED && !closed)
        return "the connection stays open";
    if ((then == THEN_OPEN || then == THEN_WAIT) && closed)
        return "the connection is closed";
    return NULL;
}

const char *case_judge(const struct http_case *c, struct heard heard, bool ours,
                       int *last)
{
    const char *at = heard.bytes, *end = at + heard.length, *wrong;
    char statuses[256] = "";
    size_t got = 0, used = 0;

    *last = 0;
    while (at < end) {
        struct answer answer;
        bool head = got < c->answers && c->expected[got].head;
        wrong = read_answer(&at, end, head, heard.closed, &answer);
        if (wrong != NULL)
            return wrong;
        if (answer.status < 200) {
            if (c->no_interim || c->http10)
                return WRONG("a %d to a client that knows none", answer.status);
            continue;
        }
        wrong = judge_answer(c, got++, &answer);
        if (wrong != NULL)
            return wrong;
        *last = answer.status;
        used += (size_t)snprintf(statuses + used, sizeof statuses - used,
                                 "%s%d", got > 1 ? " " : "", answer.status);
    }
    if (ours && c->ours != NULL && strcmp(c->ours, statuses) != 0)
        return WRONG("we say '%.200s', and always said '%.200s'", statuses,
                     c->ours);
    return judge_end(c, got, heard.closed, *last);
}

const char *case_judge_probe(struct heard heard)
{
    const char *at = heard.bytes, *end = at + heard.length, *wrong;
    struct answer answer;

    if (heard.length == 0)
        return "kept open, but a following GET is not answered";
    wrong = read_answer(&at, end, false, heard.closed, &answer);
    if (wrong != NULL)
        return wrong;
    if (!is_ok(answer.status))
        return WRONG("kept open, but a following GET gets a %d", answer.status);
    if (at != end)
        return "an answer too many after a following GET";
    return heard.closed ? NULL : "not closed after a GET that asked for it";
}
