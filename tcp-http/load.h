/* SPDX-License-Identifier: MIT
 *
 * load.h - a client for measuring: many kept connections ask the same again and
 * again, and every answer's time goes into a histogram.
 *
 * Without a rate the loop is closed: a connection asks the next when the last is
 * answered, and a latency runs from the sending. That measures what the server can
 * do, but not what its users wait for: while it stalls, nobody asks, and one bad
 * moment leaves one bad latency where a hundred users would have come ("coordinated
 * omission"). With a rate each request has its time in a schedule that does not
 * wait, and its latency runs from then, however late it could be sent.
 *
 * Our own delay counts as latency too: whoever measures needs a CPU to spare. Read
 * with: Tene, "How NOT to Measure Latency"; RFC 9112, 9.3.2 (pipelining).
 */
#ifndef LOAD_H
#define LOAD_H

#include "asker.h"
#include "url.h"

struct load_plan {
    const struct url *url;
    unsigned connections, threads; /* at least 1; threads <= connections */
    unsigned depth; /* requests out at once on a connection, at least 1 */
    uint64_t count; /* requests in all; 0: as many as the time allows */
    double seconds; /* for so long; 0: until count */
    double rate;    /* requests a second, all together; 0: a closed loop */
};

struct load_result {
    struct tally tally;
    int64_t ns;        /* from the first request to the last answer */
    uint64_t late;     /* were due by the schedule, but never sent */
    uint64_t reopened; /* connections that the server closed between answers */
};

/* Runs it. 0, whatever the answers' statuses; or a negative errno: -EPROTO (what
 * came is no answer), -ECONNRESET (closed in the midst of one), -ETIMEDOUT (no
 * byte in LOAD_PATIENCE_MS, though answers are due), -ECONNREFUSED, -EMFILE... */
int load_run(const struct load_plan *plan, struct load_result *result);

enum { LOAD_PATIENCE_MS = 30000 };

#endif
