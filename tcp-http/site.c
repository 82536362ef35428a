/* SPDX-License-Identifier: MIT
 *
 * site.c - a table of pages.
 */
#include "site.h"

static const struct place {
    const char *path, *type, *body;
    enum page_kind kind;
} places[] = {
    {"/", "text/html", "hello\n", PAGE_HELLO},
    {"/plaintext", "text/plain", "Hello, World!", PAGE_FIXED},
    {"/json", "application/json", "{\"message\":\"Hello, World!\"}",
     PAGE_FIXED},
    {"/echo", "application/octet-stream", "", PAGE_ECHO},
    {"/sleep", "text/plain", "slept\n", PAGE_SLEEP},
    {"/status", "application/json", "", PAGE_STATUS},
};

static const struct place *find(struct text path)
{
    if (path.length == 0)
        return &places[0];
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (text_is(path, places[i].path))
            return &places[i];
    return NULL;
}

static struct page refusal(enum page_kind kind, int status, const char *allow)
{
    struct page page = {.kind = kind, .answer = response_error(status)};

    page.answer.allow = allow;
    return page;
}

/* The wrong method: 405 for one that the RFC knows, 501 for one that it does not
 * (RFC 9110, 9.1). */
static struct page no_such_method(struct text method, const char *allow)
{
    static const char *const known[] = {"GET",     "HEAD",   "POST",
                                        "PUT",     "DELETE", "CONNECT",
                                        "OPTIONS", "TRACE",  "PATCH"};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (text_is(method, known[i]))
            return refusal(PAGE_FIXED, 405, allow);
    return refusal(PAGE_FIXED, 501, NULL);
}

/* query = "ms=" 1*DIGIT */
static bool read_ms(struct text query, int64_t *ms)
{
    struct text name;

    return text_cut(&query, '=', &name) && text_is(name, "ms") &&
           text_is_number(query, ms) && *ms <= SITE_SLEEP_MAX_MS;
}

struct page site_page(struct text method, struct text path, struct text query)
{
    bool reads = text_is(method, "GET") || text_is(method, "HEAD");
    const struct place *place = find(path);

    if (place != NULL && place->kind == PAGE_ECHO) {
        if (!text_is(method, "POST"))
            return no_such_method(method, "POST");
    } else if (!reads) {
        return no_such_method(method, "GET, HEAD");
    }
    if (place == NULL)
        return refusal(PAGE_NONE, 404, NULL);

    struct page page = {.kind = place->kind,
                        .answer = {.status = 200,
                                   .type = place->type,
                                   .body = text_of(place->body)}};
    if (place->kind == PAGE_SLEEP && !read_ms(query, &page.ms))
        return refusal(PAGE_FIXED, 400, NULL);
    return page;
}
