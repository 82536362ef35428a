/* SPDX-License-Identifier: MIT
 *
 * get.c - a client: fetches one URL and prints the body, with -i the head too.
 *
 * Try: tcp-http get -i http://127.0.0.1:8080/
 */
#include "../client.h"
#include "../demo.h"
#include "verbs.h"

struct wish {
    const char *text; /* the URL, as given */
    struct url url;
    bool include;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wish *wish = state->input;

    switch (key) {
    case 'i':
        wish->include = true;
        return 0;
    case ARGP_KEY_ARG:
        if (wish->text != NULL)
            return unexpected(key, arg, state);
        wish->text = arg;
        if (url_parse(arg, &wish->url) < 0)
            argp_error(state, "'%s' is not http://ADDRESS[:PORT][/PATH]", arg);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a URL is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int get_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"include", 'i', NULL, 0, "print the head of the answer too", 0}, {0}};
    const struct argp argp = {
        options, parse, "URL",
        .doc = "Fetches http://ADDRESS[:PORT][/PATH] and prints the body. "
               "ADDRESS is of IPv4, or localhost."};
    struct wish wish = {.text = NULL};
    struct answer answer;

    argp_parse(&argp, argc, argv, 0, NULL, &wish);
    watchdog(30, "get: no answer for 30 s\n");
    int rc = client_get(&wish.url, &answer);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "get %s", wish.text);
    size_t skip = wish.include ? 0 : answer.head;
    fwrite(answer.bytes + skip, 1, answer.length - skip, stdout);
    int status = answer.status;
    answer_free(&answer);
    if (status < 200 || status > 299)
        error(EXIT_FAILURE, 0, "get %s: the answer is %d", wish.text, status);
    return EXIT_SUCCESS;
}
