/* SPDX-License-Identifier: MIT
 *
 * parse.c - how bytes become a request: in pieces, as a socket might give them,
 * with what the parser says to each. Or cut in two at every place: it must mean
 * the same each time.
 *
 * Try: tcp-http parse --pieces 9
 *      printf 'GET /a b HTTP/1.1\r\n\r\n' | tcp-http parse -
 */
#include "../demo.h"
#include "reading.h"
#include "verbs.h"

static const char sample[] = "POST /echo?n=1 HTTP/1.1\r\n"
                             "Host: localhost\r\n"
                             "Transfer-Encoding: chunked\r\n"
                             "\r\n"
                             "5\r\nhello\r\n"
                             "7;a=b\r\n, world\r\n"
                             "0\r\n"
                             "X-Trailer: read, and dropped\r\n"
                             "\r\n";

/* What bytes mean that come in two pieces, in words; to be freed. */
static char *meaning(const char *bytes, size_t count, size_t cut)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    static struct reading r;

    if (out == NULL)
        error(EXIT_FAILURE, errno, "open a stream in memory");
    reading_do(&r, bytes, count, cut, count, false);
    reading_describe(&r, bytes, out);
    fclose(out);
    return text;
}

static int try_every_split(const char *bytes, size_t count)
{
    char *whole = meaning(bytes, count, count);

    for (size_t cut = 1; cut < count; cut++) {
        char *parts = meaning(bytes, count, cut);
        if (strcmp(whole, parts) != 0)
            error(EXIT_FAILURE, 0, "cut after %zu bytes it means:\n%s", cut,
                  parts);
        free(parts);
    }
    printf("%zu bytes, cut in two at each of %zu places, always mean:\n%s",
           count, count - 1, whole);
    free(whole);
    return EXIT_SUCCESS;
}

struct wish {
    const char *file;
    long piece;
    bool every_split;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wish *wish = state->input;

    switch (key) {
    case 'p':
        wish->piece = count_arg(state, "pieces", arg, 1, READING_MAX);
        return 0;
    case 's':
        wish->every_split = true;
        return 0;
    case ARGP_KEY_ARG:
        if (wish->file != NULL)
            return unexpected(key, arg, state);
        wish->file = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The bytes of a file, READING_MAX of them at the most. */
static size_t read_file(const char *name, char *bytes)
{
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");

    if (file == NULL)
        error(EXIT_FAILURE, errno, "open %s", name);
    size_t count = fread(bytes, 1, READING_MAX, file);
    int failure = ferror(file) ? errno : 0;
    fclose(file);
    if (failure != 0)
        error(EXIT_FAILURE, failure, "read %s", name);
    return count;
}

int parse_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"pieces", 'p', "N", 0, "bytes in a piece (16)", 0},
        {"every-split", 's', NULL, 0, "in two pieces, cut at every place", 0},
        {0}};
    const struct argp argp = {
        options, parse, "[FILE]",
        .doc = "Reads a request in pieces, and shows what the parser says to "
               "each and what it found. FILE is - for standard input; without "
               "it, a request of our own is read."};
    struct wish wish = {.piece = 16};
    static char bytes[READING_MAX];
    static struct reading r;
    size_t count = sizeof sample - 1;

    argp_parse(&argp, argc, argv, 0, NULL, &wish);
    memcpy(bytes, sample, count);
    if (wish.file != NULL)
        count = read_file(wish.file, bytes);
    if (wish.every_split)
        return try_every_split(bytes, count);
    size_t piece = (size_t)wish.piece;
    reading_do(&r, bytes, count, piece, piece, true);
    reading_describe(&r, bytes, stdout);
    return EXIT_SUCCESS;
}
