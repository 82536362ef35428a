/* SPDX-License-Identifier: MIT
 *
 * riscv64.S - the switch, for the RISC-V calling convention lp64d: 64 bits, and
 * doubles in floating-point registers.
 *
 *   void *context_switch(struct context **from, struct context *to, void *pass)
 *                        a0                     a1                  a2
 *
 *   offset  what       saved because
 *   0x00    fs0-fs11   callee-saved
 *   0x60    s0         frame pointer; in a fresh context: 0, no caller
 *   0x68    s1         callee-saved; in a fresh context: entry
 *   0x70    s2-s11     callee-saved
 *   0xc0    ra         return address; in a fresh context: context_end
 *   0xc8    fcsr       rounding mode, and which exceptions there have been
 *   0xd0    end        always 16-byte aligned: sp is so in every function
 *
 * context/riscv64.c has the same table as a struct, and compares the offsets.
 *
 * fcsr is no callee-saved register, but the convention gives it "thread storage
 * duration": what a thread set in it, it finds there again (C11, 7.6). Here the
 * threads are ours, so fcsr goes with them, exceptions and all. One instruction
 * swaps it; a simple core may empty its pipeline for that. To write only what
 * differs would spare it, for a branch and three more lines: not without a
 * processor to measure it on.
 *
 * One that goes on leaves by ret, as it came in by call; a fresh one was never in
 * here, and is entered by jr: so the processor's guesses of where a ret goes stay
 * right (x86_64.S has figures).
 *
 * gp and tp stay: they belong to the program and to the OS thread.
 *
 * The .cfi lines tell debuggers and profilers, for each instruction, where the
 * caller's registers are. Up to the change of sp they are where we saved them;
 * after it they are all back in place. There is no instruction in between.
 */
#if !defined(__riscv_float_abi_double)
#error "this needs lp64d; for others, CMakeLists.txt must choose ucontext.c"
#endif

        .text

        .globl  context_switch
        .hidden context_switch
        .type   context_switch, @function
        .balign 16
context_switch:
        .cfi_startproc
        addi    sp, sp, -0xd0
        .cfi_adjust_cfa_offset 0xd0
        fsd     fs0, 0x00(sp)
        .cfi_rel_offset fs0, 0x00
        fsd     fs1, 0x08(sp)
        .cfi_rel_offset fs1, 0x08
        fsd     fs2, 0x10(sp)
        .cfi_rel_offset fs2, 0x10
        fsd     fs3, 0x18(sp)
        .cfi_rel_offset fs3, 0x18
        fsd     fs4, 0x20(sp)
        .cfi_rel_offset fs4, 0x20
        fsd     fs5, 0x28(sp)
        .cfi_rel_offset fs5, 0x28
        fsd     fs6, 0x30(sp)
        .cfi_rel_offset fs6, 0x30
        fsd     fs7, 0x38(sp)
        .cfi_rel_offset fs7, 0x38
        fsd     fs8, 0x40(sp)
        .cfi_rel_offset fs8, 0x40
        fsd     fs9, 0x48(sp)
        .cfi_rel_offset fs9, 0x48
        fsd     fs10, 0x50(sp)
        .cfi_rel_offset fs10, 0x50
        fsd     fs11, 0x58(sp)
        .cfi_rel_offset fs11, 0x58
        sd      s0, 0x60(sp)
        .cfi_rel_offset s0, 0x60
        sd      s1, 0x68(sp)
        .cfi_rel_offset s1, 0x68
        sd      s2, 0x70(sp)
        .cfi_rel_offset s2, 0x70
        sd      s3, 0x78(sp)
        .cfi_rel_offset s3, 0x78
        sd      s4, 0x80(sp)
        .cfi_rel_offset s4, 0x80
        sd      s5, 0x88(sp)
        .cfi_rel_offset s5, 0x88
        sd      s6, 0x90(sp)
        .cfi_rel_offset s6, 0x90
        sd      s7, 0x98(sp)
        .cfi_rel_offset s7, 0x98
        sd      s8, 0xa0(sp)
        .cfi_rel_offset s8, 0xa0
        sd      s9, 0xa8(sp)
        .cfi_rel_offset s9, 0xa8
        sd      s10, 0xb0(sp)
        .cfi_rel_offset s10, 0xb0
        sd      s11, 0xb8(sp)
        .cfi_rel_offset s11, 0xb8
        sd      ra, 0xc0(sp)
        .cfi_rel_offset ra, 0xc0
        ld      t0, 0xc8(a1)
        fscsr   t0, t0                  /* in goes theirs, out comes ours */
        sd      t0, 0xc8(sp)
        sd      sp, 0(a0)               /* *from: we can be gone on with */

        fld     fs0, 0x00(a1)
        fld     fs1, 0x08(a1)
        fld     fs2, 0x10(a1)
        fld     fs3, 0x18(a1)
        fld     fs4, 0x20(a1)
        fld     fs5, 0x28(a1)
        fld     fs6, 0x30(a1)
        fld     fs7, 0x38(a1)
        fld     fs8, 0x40(a1)
        fld     fs9, 0x48(a1)
        fld     fs10, 0x50(a1)
        fld     fs11, 0x58(a1)
        ld      s0, 0x60(a1)
        ld      s1, 0x68(a1)
        ld      s2, 0x70(a1)
        ld      s3, 0x78(a1)
        ld      s4, 0x80(a1)
        ld      s5, 0x88(a1)
        ld      s6, 0x90(a1)
        ld      s7, 0x98(a1)
        ld      s8, 0xa0(a1)
        ld      s9, 0xa8(a1)
        ld      s10, 0xb0(a1)
        ld      s11, 0xb8(a1)
        ld      ra, 0xc0(a1)
        lla     t0, context_end
        mv      a0, a2                  /* pass: the result, or an argument */
        addi    sp, a1, 0xd0            /* from here on, the other stack */
        .cfi_def_cfa_offset 0
        .cfi_restore fs0
        .cfi_restore fs1
        .cfi_restore fs2
        .cfi_restore fs3
        .cfi_restore fs4
        .cfi_restore fs5
        .cfi_restore fs6
        .cfi_restore fs7
        .cfi_restore fs8
        .cfi_restore fs9
        .cfi_restore fs10
        .cfi_restore fs11
        .cfi_restore s0
        .cfi_restore s1
        .cfi_restore s2
        .cfi_restore s3
        .cfi_restore s4
        .cfi_restore s5
        .cfi_restore s6
        .cfi_restore s7
        .cfi_restore s8
        .cfi_restore s9
        .cfi_restore s10
        .cfi_restore s11
        .cfi_restore ra
        beq     ra, t0, .Lfresh
        ret                             /* to ra, which is the other's */
.Lfresh:
        jr      s1                      /* as if context_start had called it */
        .cfi_endproc
        .size   context_switch, . - context_switch

/* The caller that entry seems to have: a debugger looks for callers just before
 * their return addresses, and finds the nop. Nobody called context_start itself:
 * its return address is undefined, and that is where a backtrace ends. */
        .type   context_start, @function
        .balign 16
context_start:
        .cfi_startproc
        .cfi_undefined ra
        nop
        .globl  context_end
        .hidden context_end
context_end:
        unimp                           /* entry has returned: a bug, stop */
        .cfi_endproc
        .size   context_start, . - context_start

        /* Without this line the linker makes every stack executable. */
        .section .note.GNU-stack, "", @progbits
