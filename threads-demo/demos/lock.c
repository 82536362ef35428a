/* SPDX-License-Identifier: MIT
 *
 * lock.c - a global that is made when first needed, and a mutex that guards it:
 * fruits in a basket. --bug hold locks again before it has let go; a mutex that
 * checks says so, a plain one would wait for ever. The other kinds of lock have
 * files of their own: lock_own.c, lock_readers.c.
 * Try: threads-demo lock --bug hold
 * Read with: Rust Cookbook, "Global mutable state".
 */
#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum kind { MUTEX, FUTEX, SPIN, RWLOCK };
enum bug { NONE = -1, HOLD, STARVE };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t guard; /* guards the basket; made by make_guard() */
static const char *basket[4];
static int fruits;

static void make_guard(void)
{
    pthread_mutexattr_t checking;

    must(pthread_mutexattr_init(&checking));
    must(pthread_mutexattr_settype(&checking, PTHREAD_MUTEX_ERRORCHECK));
    must(pthread_mutex_init(&guard, &checking));
    must(pthread_mutexattr_destroy(&checking));
}

static int insert(const char *fruit)
{
    must(pthread_once(&once, make_guard));
    int rc = pthread_mutex_lock(&guard);
    if (rc != 0)
        return -rc;
    basket[fruits++] = fruit;
    must(pthread_mutex_unlock(&guard));
    return 0;
}

static int fill_the_basket(bool hold)
{
    must(insert("apple"));
    must(insert("orange"));
    must(insert("peach"));
    must(pthread_mutex_lock(&guard));
    for (int i = 0; i < fruits; i++)
        printf("%d: %s\n", i, basket[i]);
    if (!hold)
        must(pthread_mutex_unlock(&guard)); /* before the next insert */
    int rc = insert("grape");
    if (hold)
        must(pthread_mutex_unlock(&guard));
    printf("grape: %s\n", rc == 0 ? "inserted" : strerrordesc_np(-rc));
    bool right = hold ? rc == -EDEADLK : rc == 0 && fruits == 4;
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}

int lock_main(int argc, char **argv)
{
    struct choice asked[] = {{"kind",
                              "mutex (default), futex, spin or rwlock",
                              MUTEX,
                              {"mutex", "futex", "spin", "rwlock"},
                              0,
                              0},
                             {"bug",
                              "hold (the mutex) or starve (rwlock's writer)",
                              NONE,
                              {"hold", "starve"},
                              0,
                              0}};

    choose(argc, argv, "Four kinds of lock.", asked, 2);
    watchdog(30, "lock: somebody never gets it\n");
    int kind = asked[0].chosen, bug = asked[1].chosen;
    if ((bug == HOLD && kind != MUTEX) || (bug == STARVE && kind != RWLOCK))
        refuse("--bug hold is for --kind mutex, starve for --kind rwlock");
    if (kind == MUTEX)
        return fill_the_basket(bug == HOLD);
    return kind == RWLOCK ? lock_readers(bug == STARVE)
                          : lock_own(kind == FUTEX);
}
