/* SPDX-License-Identifier: MIT
 *
 * overflow.c - a SIGSEGV handler in front of the one that is there.
 */
#include "overflow.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#include "runtime.h"
#include "util.h"

enum { HANDLER_STACK = 64 * 1024 };

/* Written while the handler is not installed, read by the handler. */
static struct {
    void (*hook)(const char *name, const void *address); /* NULL: off */
    struct sigaction before;
    void *stack; /* NULL: the OS thread had an alternate one already */
} caught;

/* The way without us. A handler is called, unless it is for one time only: that,
 * like the default, is put back, and what happened happens again: the instruction
 * that faulted faults, or what was sent (by kill(2), say) is sent. */
static void pass_on(int number, siginfo_t *info, void *ucontext)
{
    const struct sigaction *before = &caught.before;
    bool sent = info->si_code <= 0;

    if (before->sa_handler == SIG_IGN && sent)
        return; /* only faults cannot be ignored */
    if (before->sa_handler == SIG_DFL || before->sa_handler == SIG_IGN ||
        (before->sa_flags & (int)SA_RESETHAND) != 0) {
        must(sigaction(SIGSEGV, before, NULL));
        if (sent)
            must(raise(number)); /* it comes when our handler has returned */
    } else if (before->sa_flags & SA_SIGINFO) {
        before->sa_sigaction(number, info, ucontext);
    } else {
        before->sa_handler(number);
    }
}

static void on_fault(int number, siginfo_t *info, void *ucontext)
{
    const char *name = runtime_overflowed(info->si_addr);
    if (name != NULL)
        caught.hook(name, info->si_addr);
    pass_on(number, info, ucontext);
}

/* An alternate stack, if this OS thread has none. */
static int stand_elsewhere(void)
{
    stack_t now;

    must(sigaltstack(NULL, &now));
    if ((now.ss_flags & SS_DISABLE) == 0)
        return 0;
    void *stack = mmap(NULL, HANDLER_STACK, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED)
        return -ENOMEM;
    must(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = HANDLER_STACK},
                     NULL));
    caught.stack = stack;
    return 0;
}

int overflow_catch(void (*hook)(const char *name, const void *address))
{
    const struct sigaction action = {.sa_sigaction = on_fault,
                                     .sa_flags = SA_SIGINFO | SA_ONSTACK};
    if (caught.hook != NULL)
        return -EBUSY;
    int rc = stand_elsewhere();
    if (rc < 0)
        return rc;
    caught.hook = hook;
    /* Known before our handler is in place, which may be called at once. */
    must(sigaction(SIGSEGV, NULL, &caught.before));
    must(sigaction(SIGSEGV, &action, NULL));
    return 0;
}

void overflow_release(void)
{
    if (caught.hook == NULL)
        return;
    must(sigaction(SIGSEGV, &caught.before, NULL));
    caught.hook = NULL;
    if (caught.stack != NULL) {
        must(sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL));
        munmap(caught.stack, HANDLER_STACK);
        caught.stack = NULL;
    }
}
