/* SPDX-License-Identifier: MIT
 *
 * aarch64.S - the switch, for the procedure call standard of Arm's 64 bits.
 *
 *   void *context_switch(struct context **from, struct context *to, void *pass)
 *                        x0                     x1                  x2
 *
 *   offset  what       saved because
 *   0x00    d8-d15     callee-saved (the low halves of v8-v15)
 *   0x40    x19-x28    callee-saved; in a fresh context x19 is entry
 *   0x90    x29        frame pointer; in a fresh context: 0, no caller
 *   0x98    x30        return address; in a fresh context: context_end
 *   0xa0    fpcr       rounding mode: a function may not change its caller's
 *   0xb0    end        always 16-byte aligned: sp may be nothing else
 *
 * context/aarch64.c has the same table as a struct, and compares the offsets.
 *
 * Without fpcr, who calls fesetround() would do so for all threads. fpsr stays:
 * it only tells which exceptions there have been, and no function need keep it.
 *
 * One that goes on leaves by ret, as it came in by bl; a fresh one was never in
 * here, and is entered by br: so the processor's guesses of where a ret goes stay
 * right (x86_64.S has figures).
 *
 * The .cfi lines tell debuggers and profilers, for each instruction, where the
 * caller's registers are. Up to the change of sp they are where we saved them;
 * after it they are all back in place. There is no instruction in between.
 */
        .text

        .globl  context_switch
        .hidden context_switch
        .type   context_switch, %function
        .balign 16
context_switch:
        .cfi_startproc
        hint    #34                     /* bti c: may be called by pointer */
        sub     sp, sp, #0xb0
        .cfi_adjust_cfa_offset 0xb0
        stp     d8, d9, [sp, #0x00]
        .cfi_rel_offset d8, 0x00
        .cfi_rel_offset d9, 0x08
        stp     d10, d11, [sp, #0x10]
        .cfi_rel_offset d10, 0x10
        .cfi_rel_offset d11, 0x18
        stp     d12, d13, [sp, #0x20]
        .cfi_rel_offset d12, 0x20
        .cfi_rel_offset d13, 0x28
        stp     d14, d15, [sp, #0x30]
        .cfi_rel_offset d14, 0x30
        .cfi_rel_offset d15, 0x38
        stp     x19, x20, [sp, #0x40]
        .cfi_rel_offset x19, 0x40
        .cfi_rel_offset x20, 0x48
        stp     x21, x22, [sp, #0x50]
        .cfi_rel_offset x21, 0x50
        .cfi_rel_offset x22, 0x58
        stp     x23, x24, [sp, #0x60]
        .cfi_rel_offset x23, 0x60
        .cfi_rel_offset x24, 0x68
        stp     x25, x26, [sp, #0x70]
        .cfi_rel_offset x25, 0x70
        .cfi_rel_offset x26, 0x78
        stp     x27, x28, [sp, #0x80]
        .cfi_rel_offset x27, 0x80
        .cfi_rel_offset x28, 0x88
        stp     x29, x30, [sp, #0x90]
        .cfi_rel_offset x29, 0x90
        .cfi_rel_offset x30, 0x98
        mrs     x9, fpcr
        str     x9, [sp, #0xa0]
        mov     x9, sp
        str     x9, [x0]                /* *from: we can be gone on with */

        ldr     x9, [x1, #0xa0]
        msr     fpcr, x9
        ldp     d8, d9, [x1, #0x00]
        ldp     d10, d11, [x1, #0x10]
        ldp     d12, d13, [x1, #0x20]
        ldp     d14, d15, [x1, #0x30]
        ldp     x19, x20, [x1, #0x40]
        ldp     x21, x22, [x1, #0x50]
        ldp     x23, x24, [x1, #0x60]
        ldp     x25, x26, [x1, #0x70]
        ldp     x27, x28, [x1, #0x80]
        ldp     x29, x30, [x1, #0x90]
        adr     x9, context_end
        cmp     x30, x9
        mov     x0, x2                  /* pass: the result, or an argument */
        add     sp, x1, #0xb0           /* from here on, the other stack */
        .cfi_def_cfa_offset 0
        .cfi_restore d8
        .cfi_restore d9
        .cfi_restore d10
        .cfi_restore d11
        .cfi_restore d12
        .cfi_restore d13
        .cfi_restore d14
        .cfi_restore d15
        .cfi_restore x19
        .cfi_restore x20
        .cfi_restore x21
        .cfi_restore x22
        .cfi_restore x23
        .cfi_restore x24
        .cfi_restore x25
        .cfi_restore x26
        .cfi_restore x27
        .cfi_restore x28
        .cfi_restore x29
        .cfi_restore x30
        b.eq    .Lfresh
        ret                             /* to x30, which is the other's */
.Lfresh:
        mov     x16, x19                /* bti c wants jumps to come by x16 */
        br      x16                     /* as if context_start had called it */
        .cfi_endproc
        .size   context_switch, . - context_switch

/* The caller that entry seems to have: a debugger looks for callers just before
 * their return addresses, and finds the nop. Nobody called context_start itself:
 * its return address is undefined, and that is where a backtrace ends. */
        .type   context_start, %function
        .balign 16
context_start:
        .cfi_startproc
        .cfi_undefined x30
        nop
        .globl  context_end
        .hidden context_end
context_end:
        brk     #0                      /* entry has returned: a bug, stop */
        .cfi_endproc
        .size   context_start, . - context_start

/* Where indirect branches must land on a bti, this file is ready (bit 0). It
 * signs no return address: x30 of a fresh context is one we made ourselves. */
#if defined(__ARM_FEATURE_BTI_DEFAULT)
        .section .note.gnu.property, "a"
        .balign 8
        .word   4, 16, 5                /* name, contents: bytes; type 5 */
        .asciz  "GNU"
        .word   0xc0000000, 4, 1, 0     /* Arm features, 4 bytes: BTI; pad */
#endif

        /* Without this line the linker makes every stack executable. */
        .section .note.GNU-stack, "", %progbits
