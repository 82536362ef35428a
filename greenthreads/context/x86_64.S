/* SPDX-License-Identifier: MIT
 *
 * x86_64.S - the switch, for the System V ABI.
 *
 *   void *context_switch(struct context **from, struct context *to, void *pass)
 *                        rdi                    rsi                 rdx
 *
 * The caller of a function expects the other registers to be lost, so these are
 * all there is to keep. They lie on the stack, and rsp is their address:
 *
 *   offset  what         saved because
 *   0x00    mxcsr        SSE's rounding mode and exception masks: callee-saved
 *   0x04    x87 control  the same for long double: callee-saved
 *   0x08    r15          callee-saved
 *   0x10    r14          callee-saved
 *   0x18    r13          callee-saved
 *   0x20    r12          callee-saved
 *   0x28    rbx          callee-saved; in a fresh context: entry
 *   0x30    rbp          callee-saved; in a fresh context: 0, no caller
 *   0x38    rip          pushed by call; in a fresh context: context_end
 *   0x40    end          16-byte aligned in a fresh context
 *
 * context/x86_64.c has the same table as a struct, and compares the offsets.
 *
 * The two control words cost about a nanosecond of six. Whoever leaves them out
 * lets one thread's rounding mode leak into the others; to load them only where
 * they differ was tried, and the comparison costs more than the loads.
 *
 * The processor predicts where a ret goes by the calls it has seen. So one that
 * goes on leaves by ret, as it came in by call; but a fresh one was never in
 * here, and is entered by jmp. With ret for both, each new thread costs two
 * wrong guesses, some 4 ns each.
 *
 * The .cfi lines tell debuggers and profilers, for each instruction, where the
 * caller's registers are. Up to the change of rsp they are where we saved them;
 * after it they are all back in place. There is no instruction in between.
 */
        /* In one page with runtime_yield(), which is hot as well. On two pages, some
         * places of theirs in memory make a turn 4 ns longer: seen in 3 of 8 copies
         * of one program, always the same ones. */
        .section .text.hot, "ax", @progbits

        .globl  context_switch
        .hidden context_switch
        .type   context_switch, @function
        .balign 16
context_switch:
        .cfi_startproc
        endbr64                         /* may be called through a pointer */
        sub     $0x38, %rsp             /* call has pushed rip already */
        .cfi_adjust_cfa_offset 0x38
        stmxcsr 0x00(%rsp)
        fnstcw  0x04(%rsp)
        mov     %r15, 0x08(%rsp)
        .cfi_rel_offset r15, 0x08
        mov     %r14, 0x10(%rsp)
        .cfi_rel_offset r14, 0x10
        mov     %r13, 0x18(%rsp)
        .cfi_rel_offset r13, 0x18
        mov     %r12, 0x20(%rsp)
        .cfi_rel_offset r12, 0x20
        mov     %rbx, 0x28(%rsp)
        .cfi_rel_offset rbx, 0x28
        mov     %rbp, 0x30(%rsp)
        .cfi_rel_offset rbp, 0x30
        mov     %rsp, (%rdi)            /* *from: we can be gone on with */

        ldmxcsr 0x00(%rsi)
        fldcw   0x04(%rsi)
        mov     0x08(%rsi), %r15
        mov     0x10(%rsi), %r14
        mov     0x18(%rsi), %r13
        mov     0x20(%rsi), %r12
        mov     0x28(%rsi), %rbx
        mov     0x30(%rsi), %rbp
        lea     context_end(%rip), %rax
        cmp     %rax, 0x38(%rsi)
        lea     0x38(%rsi), %rsp        /* from here on, the other stack */
        .cfi_def_cfa_offset 0x08
        .cfi_restore r15
        .cfi_restore r14
        .cfi_restore r13
        .cfi_restore r12
        .cfi_restore rbx
        .cfi_restore rbp
        je      .Lfresh
        mov     %rdx, %rax              /* pass is the result over there */
        ret                             /* takes rip from 0x38(%rsi) */
.Lfresh:
        mov     %rdx, %rdi              /* pass is entry's argument */
        jmp     *%rbx                   /* as if context_start had called it */
        .cfi_endproc
        .size   context_switch, . - context_switch

/* The caller that entry seems to have: a debugger looks for callers just before
 * their return addresses, and finds the nop. Nobody called context_start itself:
 * its return address is undefined, and that is where a backtrace ends. */
        .type   context_start, @function
        .balign 16
context_start:
        .cfi_startproc
        .cfi_undefined rip
        nop
        .globl  context_end
        .hidden context_end
context_end:
        ud2                             /* entry has returned: a bug, stop */
        .cfi_endproc
        .size   context_start, . - context_start

/* Shadow stacks (CET's SHSTK) keep a second copy of return addresses, which our
 * ret would contradict. So this file claims endbr64 (IBT, bit 0) and no more;
 * the linker marks a program with what all its files claim. */
#if defined(__CET__) && (__CET__ & 1)
        .section .note.gnu.property, "a"
        .balign 8
        .long   4, 16, 5                /* name, contents: bytes; type 5 */
        .asciz  "GNU"
        .long   0xc0000002, 4, 1, 0     /* x86 features, 4 bytes: IBT; pad */
#endif

        /* Without this line the linker makes every stack executable. */
        .section .note.GNU-stack, "", @progbits
