/* SPDX-License-Identifier: MIT
 *
 * cancel.c - a thread is cancelled while it holds a lock, three times. It leaves
 * the lock taken, for ever; a cleanup handler gives it back; a robust mutex tells
 * the next owner that the last one died with it, who then puts things right.
 * Futures can be dropped at any await; a thread should be asked, not shot.
 * Try: threads-demo cancel
 * Read with: the async book, cancellation; pthread_cleanup_push(3).
 */
#include <sched.h>

#include "../demo.h"
#include "../oneshot.h"
#include "stage.h"
#include "verbs.h"

struct patient {
    pthread_mutex_t lock;
    bool handler;
    int half_done; /* guarded by lock; must be even when nobody has it */
    struct oneshot inside;
    char place;
};

static void give_back(void *arg)
{
    struct patient *p = arg;

    p->half_done--; /* undo, then let go */
    must(pthread_mutex_unlock(&p->lock));
}

static void work_for_ever(struct patient *p)
{
    p->half_done++;
    must(oneshot_send(&p->inside, &p->place));
    for (;; sched_yield())
        pthread_testcancel(); /* here it may end; a lock is no such point */
}

static void *work(void *arg)
{
    struct patient *p = arg;

    must(pthread_mutex_lock(&p->lock));
    if (!p->handler)
        work_for_ever(p);
    pthread_cleanup_push(give_back, p);
    work_for_ever(p);
    pthread_cleanup_pop(1);
    return NULL;
}

/* What the next one finds who wants the lock: 0, EBUSY or EOWNERDEAD. */
static int cancel_inside(bool handler, int robust, int *half_done)
{
    struct patient p = {.handler = handler};
    pthread_mutexattr_t kind;
    void *result;

    must(pthread_mutexattr_init(&kind));
    must(pthread_mutexattr_setrobust(&kind, robust));
    must(pthread_mutex_init(&p.lock, &kind));
    must(pthread_mutexattr_destroy(&kind));
    oneshot_init(&p.inside, &p.place, sizeof p.place);
    pthread_t thread = start_thread(work, &p);
    must(oneshot_recv(&p.inside));
    must(pthread_cancel(thread));
    must(pthread_join(thread, &result));
    int rc = pthread_mutex_trylock(&p.lock);
    *half_done = p.half_done; /* the thread is joined */
    if (rc == EOWNERDEAD) {
        p.half_done--; /* put it right, and say so */
        must(pthread_mutex_consistent(&p.lock));
    }
    if (rc != EBUSY) { /* a lock that is taken for ever is not destroyed */
        must(pthread_mutex_unlock(&p.lock));
        must(pthread_mutex_destroy(&p.lock));
    }
    return result == PTHREAD_CANCELED ? rc : -1;
}

static const char *found(int rc)
{
    return rc == 0       ? "free"
           : rc == EBUSY ? "taken by nobody, for ever"
                         : "taken by one who died";
}

int cancel_main(int argc, char **argv)
{
    int left[3];

    choose(argc, argv, "Cancel a thread that holds a lock.", NULL, 0);
    watchdog(30, "cancel: the thread does not end\n");
    int plain = cancel_inside(false, PTHREAD_MUTEX_STALLED, &left[0]);
    int handler = cancel_inside(true, PTHREAD_MUTEX_STALLED, &left[1]);
    int robust = cancel_inside(false, PTHREAD_MUTEX_ROBUST, &left[2]);
    printf("no handler:   %s, %s\n", found(plain),
           left[0] ? "half done" : "ok");
    printf("handler:      %s, %s\n", found(handler),
           left[1] ? "half done" : "undone");
    printf("robust mutex: %s, %s\n", found(robust),
           left[2] ? "half done, put right" : "ok");
    return plain == EBUSY && handler == 0 && robust == EOWNERDEAD &&
                   left[0] == 1 && left[1] == 0 && left[2] == 1
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
