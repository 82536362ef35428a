/* SPDX-License-Identifier: MIT
 *
 * fuzz_connection.c - any client at all. What it says is said whole and a byte at
 * a time, and must be answered the same; then in pieces of any size, with answers
 * taken late and in part, clocks that run out, and a server that wants to close.
 * Whatever happens, the connection always wishes for something that can be done,
 * keeps to its limits, comes to an end, and gives back all that it borrowed.
 *
 * Input: four bytes for the dice, then what the client says.
 */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer has named it */
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

struct client {
    struct counters counters; /* first: it wants a cache line */
    struct shared shared;
    struct connection c;
    size_t length;
    char heard[1 << 18]; /* no input causes as much */
};

static struct client *begin(void)
{
    struct client *client =
        aligned_alloc(_Alignof(struct client), sizeof *client);
    if (client == NULL)
        abort();
    memset(client, 0, offsetof(struct client, heard));
    shared_init(&client->shared, &client->counters);
    connection_init(&client->c, &client->shared);
    return client;
}

static void end(struct client *client)
{
    connection_destroy(&client->c);
    assert(client->shared.exchanges.lent == 0);
    exchanges_destroy(&client->shared.exchanges);
    free(client);
}

/* LINGER and CLOSE come alone, and only a sleeper wishes for nothing. */
static unsigned wishes_of(const struct client *client)
{
    unsigned wishes = connection_wishes(&client->c);
    assert(wishes == 0
               ? client->c.state == STATE_SLEEP
               : wishes == CONNECTION_LINGER || wishes == CONNECTION_CLOSE ||
                     wishes <= (CONNECTION_READ | CONNECTION_WRITE));
    return wishes;
}

/* The client takes up to most bytes of what waits. */
static void take(struct client *client, size_t most)
{
    struct output output = connection_output(&client->c);
    size_t count = output.count < most ? output.count : most;

    assert(output.count > 0 && output.bytes != NULL); /* no files here */
    assert(count <= sizeof client->heard - client->length);
    memcpy(client->heard + client->length, output.bytes, count);
    client->length += count;
    connection_sent(&client->c, count);
}

static void wait_until_due(struct client *client)
{
    enum timeout_kind kind;
    int64_t due = connection_due(&client->c, &kind);

    if (due == INT64_MAX)
        return;
    assert(due >= client->shared.now);
    client->shared.now = due;
    connection_timed_out(&client->c);
}

/* Sends one piece; gives how much of it was taken. */
static size_t put(struct client *client, const char *bytes, size_t count)
{
    size_t room;
    char *at = connection_room(&client->c, &room);

    assert(room > 0);
    count = count < room ? count : room;
    memcpy(at, bytes, count);
    connection_received(&client->c, count);
    return count;
}

/* Says all in pieces of so many bytes, taking each answer at once. */
static void say_all(struct client *client, const char *bytes, size_t count,
                    size_t piece)
{
    while (count > 0) {
        unsigned wishes = wishes_of(client);
        if (wishes & CONNECTION_WRITE)
            take(client, SIZE_MAX);
        else if (wishes & CONNECTION_READ) {
            size_t taken = put(client, bytes, count < piece ? count : piece);
            bytes += taken;
            count -= taken;
        } else if (wishes == 0)
            wait_until_due(client); /* a sleeper */
        else
            return;
    }
}

/* The client takes what there is, leaves as soon as somebody listens, and waits:
 * then it must be over. */
static void finish(struct client *client)
{
    bool left = false;

    for (int steps = 0; wishes_of(client) != CONNECTION_CLOSE; steps++) {
        unsigned wishes = wishes_of(client);
        if (wishes & CONNECTION_WRITE) {
            take(client, SIZE_MAX);
        } else if (wishes != 0 && !left) {
            connection_ended(&client->c);
            left = true;
        } else {
            wait_until_due(client);
        }
        assert(steps < 10000);
    }
}

/* ---- The same however it comes ---- */

/* Without the interim answers, which who sends its body at once may not get. */
static void strip_interims(struct client *client)
{
    static const size_t length = sizeof RESPONSE_CONTINUE - 1;
    char *at = client->heard, *end = at + client->length;

    while ((at = memmem(at, (size_t)(end - at), RESPONSE_CONTINUE, length)) !=
           NULL) {
        memmove(at, at + length, (size_t)(end - at) - length);
        end -= length;
    }
    client->length = (size_t)(end - client->heard);
}

static void assert_same_answers(const char *bytes, size_t count)
{
    struct client *whole = begin(), *pieces = begin();

    say_all(whole, bytes, count, SIZE_MAX);
    say_all(pieces, bytes, count, 1);
    finish(whole);
    finish(pieces);
    strip_interims(whole);
    strip_interims(pieces);
    /* What /status says depends on what was going on. */
    if (memmem(bytes, count, "/status", 7) == NULL) {
        assert(whole->length == pieces->length);
        assert(memcmp(whole->heard, pieces->heard, whole->length) == 0);
    }
    end(whole);
    end(pieces);
}

/* ---- Whatever happens ---- */

static uint32_t roll(uint32_t *dice, uint32_t sides)
{
    *dice = *dice * 1664525 + 1013904223;
    return (*dice >> 8) % sides;
}

static void anything_goes(uint32_t dice, const char *bytes, size_t count)
{
    struct client *client = begin();

    for (int step = 0; step < 2000; step++) {
        unsigned wishes = wishes_of(client);
        uint32_t what = roll(&dice, 64);
        if (wishes == CONNECTION_CLOSE)
            break;
        if (what == 0) {
            wait_until_due(client);
        } else if (what == 1) {
            client->shared.draining = true;
            connection_finish(&client->c);
        } else if ((wishes & CONNECTION_WRITE) && what < 32) {
            take(client, 1 + roll(&dice, 600));
        } else if ((wishes & (CONNECTION_READ | CONNECTION_LINGER)) &&
                   count > 0) {
            size_t piece = 1 + roll(&dice, 100);
            size_t taken = put(client, bytes, count < piece ? count : piece);
            bytes += taken;
            count -= taken;
        }
    }
    if (wishes_of(client) != CONNECTION_CLOSE)
        finish(client);
    end(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    uint32_t dice;

    if (size < sizeof dice)
        return 0;
    memcpy(&dice, input, sizeof dice);
    const char *bytes = (const char *)input + sizeof dice;
    assert_same_answers(bytes, size - sizeof dice);
    anything_goes(dice, bytes, size - sizeof dice);
    return 0;
}
