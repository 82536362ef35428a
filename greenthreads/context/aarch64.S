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
 *   0x98    x30        return address; in a fresh context: context_start
 *   0xa0    fpcr       rounding mode: a function may not change its caller's
 *   0xb0    end        always 16-byte aligned: sp may be nothing else
 *
 * context/aarch64.c has the same table as a struct, and compares the offsets.
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
        mov     x0, x2                  /* pass is the result over there */
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
        ret                             /* to x30, which is the other's */
        .cfi_endproc
        .size   context_switch, . - context_switch

/* Where a fresh context begins. No one called it: its return address is
 * undefined, and that is how a backtrace knows that it has come to the end. A
 * debugger looks up return addresses minus one, hence the nop in front. */
        .globl  context_start
        .hidden context_start
        .type   context_start, %function
        .balign 16
        .cfi_startproc
        .cfi_undefined x30
        nop
context_start:
        hint    #34                     /* bti c; x0 is pass already */
        blr     x19                     /* entry */
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
