/* SPDX-License-Identifier: MIT
 *
 * oneshot.c - one value from one thread to one other, three times: it comes; it
 * will never come, and the receiver is told; it is late, and the receiver looks
 * at something else first. The oneshot lies on the receiver's stack.
 * Try: threads-demo oneshot
 * Read with: Rust Atomics and Locks, ch. 5.
 */
#include "../oneshot.h"
#include "../demo.h"
#include "stage.h"
#include "verbs.h"

struct sender {
    const char *name;
    struct oneshot *to, *after; /* after: its own go-ahead, or NULL */
    int value;                  /* 0: it hangs up */
    pthread_t thread;
};

static void *send_it(void *arg)
{
    const struct sender *self = arg;

    if (self->after != NULL)
        must(oneshot_recv(self->after));
    if (self->value == 0) {
        trace(self->name, "hangs up");
        must(oneshot_hang_up(self->to));
    } else {
        trace(self->name, "sends %d", self->value);
        must(oneshot_send(self->to, &self->value));
    }
    return NULL;
}

static int receive(const char *name, struct sender *sender, int *place)
{
    int rc = oneshot_recv(sender->to);

    if (rc == 0)
        trace("main", "receives %d from %s", *place, name);
    else
        trace("main", "is told that %s has hung up", name);
    must(pthread_join(sender->thread, NULL));
    return rc == 0 ? *place : rc;
}

int oneshot_main(int argc, char **argv)
{
    int place[3] = {0}, nothing = 0;
    struct oneshot o[3], go;
    struct sender senders[] = {{"prompt", &o[0], NULL, 7, 0},
                               {"shy", &o[1], NULL, 0, 0},
                               {"late", &o[2], &go, 9, 0}};

    choose(argc, argv, "One value, once, or never, or late.", NULL, 0);
    watchdog(30, "oneshot: main waits for ever\n");
    oneshot_init(&go, &nothing, sizeof nothing);
    for (int i = 0; i < 3; i++) {
        oneshot_init(&o[i], &place[i], sizeof place[i]);
        senders[i].thread = start_thread(send_it, &senders[i]);
    }
    int first = receive("prompt", &senders[0], &place[0]);
    int second = receive("shy", &senders[1], &place[1]);
    int late = oneshot_recv_until(&o[2], now_ns() + 1000000);
    trace("main", "gives late a millisecond: %s",
          late == -ETIMEDOUT ? "in vain" : "enough?");
    must(oneshot_send(&go, &nothing));
    int third = receive("late", &senders[2], &place[2]);
    bool again = oneshot_send(&o[0], &third) == -EALREADY;
    printf("came: %d; never: %s; late: %d; a second value: %s\n", first,
           second == -EPIPE ? "told" : "not told", third,
           again ? "refused" : "taken");
    return first == 7 && second == -EPIPE && late == -ETIMEDOUT && third == 9 &&
                   again
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
