/* SPDX-License-Identifier: MIT
 *
 * get.c - a client: fetches one URL and prints the body as it comes; with -i the
 * head too; with -I only that, for HEAD is asked.
 *
 * Try: tcp-http get -i http://127.0.0.1:8080/
 */
#include <limits.h>

#include "../client.h"
#include "../demo.h"
#include "verbs.h"

struct wish {
    const char *text; /* the URL, as given */
    struct url url;
    bool include, head_only;
    long most;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wish *wish = state->input;

    switch (key) {
    case 'I':
        wish->head_only = true;
        wish->include = true;
        return 0;
    case 'i':
        wish->include = true;
        return 0;
    case 'm':
        wish->most = count_arg(state, "max", arg, 0, LONG_MAX);
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

/* Prints the answer; 0 or a negative errno. */
static int print_answer(struct client *client, bool include)
{
    struct text piece = client_head(client);
    int rc = 0;

    if (!include)
        rc = client_read(client, &piece);
    while (rc == 0 && piece.length > 0) {
        if (fwrite(piece.at, 1, piece.length, stdout) < piece.length)
            return 0; /* close_stdout() says why */
        rc = client_read(client, &piece);
    }
    return rc;
}

int get_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"include", 'i', NULL, 0, "print the head of the answer too", 0},
        {"head", 'I', NULL, 0, "ask by HEAD, and print the head", 0},
        {"max", 'm', "BYTES", 0, "refuse a longer body (no limit)", 0},
        {0}};
    const struct argp argp = {
        options, parse, "URL",
        .doc = "Fetches http://ADDRESS[:PORT][/PATH] and prints the body. "
               "ADDRESS is of IPv4, of IPv6 in brackets, or localhost."};
    struct wish wish = {.most = LONG_MAX};
    struct client client;

    argp_parse(&argp, argc, argv, 0, NULL, &wish);
    int rc = client_open(&client, &wish.url, wish.head_only, wish.most);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "get %s", wish.text);
    rc = print_answer(&client, wish.include);
    client_close(&client);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "get %s", wish.text);
    int status = client.answer.status;
    if (status > 299)
        error(EXIT_FAILURE, 0, "get %s: the answer is %d", wish.text, status);
    return EXIT_SUCCESS;
}
