/* SPDX-License-Identifier: MIT
 *
 * markers.S - fills every callee-saved register, switches, and reports what is
 * in them afterwards. No compiler promises to keep a value in a given register,
 * so this is written out.
 *
 *   void *switch_with_markers(struct context **from, struct context *to,
 *                             void *pass, const uint64_t *in, uint64_t *out)
 *
 * in and out have room for MARKERS words (markers.h).
 */
        .text
        .globl  switch_with_markers
#if defined(__x86_64__)
        .type   switch_with_markers, @function
switch_with_markers:                    /* rdi, rsi, rdx, rcx, r8 */
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        push    %r8                     /* seven: rsp is aligned now */
        mov     0x00(%rcx), %rbx
        mov     0x08(%rcx), %rbp
        mov     0x10(%rcx), %r12
        mov     0x18(%rcx), %r13
        mov     0x20(%rcx), %r14
        mov     0x28(%rcx), %r15
        call    context_switch
        pop     %r8
        mov     %rbx, 0x00(%r8)
        mov     %rbp, 0x08(%r8)
        mov     %r12, 0x10(%r8)
        mov     %r13, 0x18(%r8)
        mov     %r14, 0x20(%r8)
        mov     %r15, 0x28(%r8)
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .section .note.GNU-stack, "", @progbits
#elif defined(__aarch64__)
        .type   switch_with_markers, %function
switch_with_markers:                    /* x0, x1, x2, x3, x4 */
        sub     sp, sp, #0xb0
        stp     d8, d9, [sp, #0x00]
        stp     d10, d11, [sp, #0x10]
        stp     d12, d13, [sp, #0x20]
        stp     d14, d15, [sp, #0x30]
        stp     x19, x20, [sp, #0x40]
        stp     x21, x22, [sp, #0x50]
        stp     x23, x24, [sp, #0x60]
        stp     x25, x26, [sp, #0x70]
        stp     x27, x28, [sp, #0x80]
        stp     x29, x30, [sp, #0x90]
        str     x4, [sp, #0xa0]
        ldp     d8, d9, [x3, #0x00]
        ldp     d10, d11, [x3, #0x10]
        ldp     d12, d13, [x3, #0x20]
        ldp     d14, d15, [x3, #0x30]
        ldp     x19, x20, [x3, #0x40]
        ldp     x21, x22, [x3, #0x50]
        ldp     x23, x24, [x3, #0x60]
        ldp     x25, x26, [x3, #0x70]
        ldp     x27, x28, [x3, #0x80]
        ldr     x29, [x3, #0x90]
        bl      context_switch
        ldr     x4, [sp, #0xa0]
        stp     d8, d9, [x4, #0x00]
        stp     d10, d11, [x4, #0x10]
        stp     d12, d13, [x4, #0x20]
        stp     d14, d15, [x4, #0x30]
        stp     x19, x20, [x4, #0x40]
        stp     x21, x22, [x4, #0x50]
        stp     x23, x24, [x4, #0x60]
        stp     x25, x26, [x4, #0x70]
        stp     x27, x28, [x4, #0x80]
        str     x29, [x4, #0x90]
        ldp     d8, d9, [sp, #0x00]
        ldp     d10, d11, [sp, #0x10]
        ldp     d12, d13, [sp, #0x20]
        ldp     d14, d15, [sp, #0x30]
        ldp     x19, x20, [sp, #0x40]
        ldp     x21, x22, [sp, #0x50]
        ldp     x23, x24, [sp, #0x60]
        ldp     x25, x26, [sp, #0x70]
        ldp     x27, x28, [sp, #0x80]
        ldp     x29, x30, [sp, #0x90]
        add     sp, sp, #0xb0
        ret
        .section .note.GNU-stack, "", %progbits
#elif defined(__riscv_float_abi_double) && __riscv_xlen == 64
        .type   switch_with_markers, @function
switch_with_markers:                    /* a0, a1, a2, a3, a4 */
        addi    sp, sp, -0xd0
        fsd     fs0, 0x00(sp)
        fsd     fs1, 0x08(sp)
        fsd     fs2, 0x10(sp)
        fsd     fs3, 0x18(sp)
        fsd     fs4, 0x20(sp)
        fsd     fs5, 0x28(sp)
        fsd     fs6, 0x30(sp)
        fsd     fs7, 0x38(sp)
        fsd     fs8, 0x40(sp)
        fsd     fs9, 0x48(sp)
        fsd     fs10, 0x50(sp)
        fsd     fs11, 0x58(sp)
        sd      s0, 0x60(sp)
        sd      s1, 0x68(sp)
        sd      s2, 0x70(sp)
        sd      s3, 0x78(sp)
        sd      s4, 0x80(sp)
        sd      s5, 0x88(sp)
        sd      s6, 0x90(sp)
        sd      s7, 0x98(sp)
        sd      s8, 0xa0(sp)
        sd      s9, 0xa8(sp)
        sd      s10, 0xb0(sp)
        sd      s11, 0xb8(sp)
        sd      ra, 0xc0(sp)
        sd      a4, 0xc8(sp)
        fld     fs0, 0x00(a3)
        fld     fs1, 0x08(a3)
        fld     fs2, 0x10(a3)
        fld     fs3, 0x18(a3)
        fld     fs4, 0x20(a3)
        fld     fs5, 0x28(a3)
        fld     fs6, 0x30(a3)
        fld     fs7, 0x38(a3)
        fld     fs8, 0x40(a3)
        fld     fs9, 0x48(a3)
        fld     fs10, 0x50(a3)
        fld     fs11, 0x58(a3)
        ld      s0, 0x60(a3)
        ld      s1, 0x68(a3)
        ld      s2, 0x70(a3)
        ld      s3, 0x78(a3)
        ld      s4, 0x80(a3)
        ld      s5, 0x88(a3)
        ld      s6, 0x90(a3)
        ld      s7, 0x98(a3)
        ld      s8, 0xa0(a3)
        ld      s9, 0xa8(a3)
        ld      s10, 0xb0(a3)
        ld      s11, 0xb8(a3)
        call    context_switch
        ld      a4, 0xc8(sp)
        fsd     fs0, 0x00(a4)
        fsd     fs1, 0x08(a4)
        fsd     fs2, 0x10(a4)
        fsd     fs3, 0x18(a4)
        fsd     fs4, 0x20(a4)
        fsd     fs5, 0x28(a4)
        fsd     fs6, 0x30(a4)
        fsd     fs7, 0x38(a4)
        fsd     fs8, 0x40(a4)
        fsd     fs9, 0x48(a4)
        fsd     fs10, 0x50(a4)
        fsd     fs11, 0x58(a4)
        sd      s0, 0x60(a4)
        sd      s1, 0x68(a4)
        sd      s2, 0x70(a4)
        sd      s3, 0x78(a4)
        sd      s4, 0x80(a4)
        sd      s5, 0x88(a4)
        sd      s6, 0x90(a4)
        sd      s7, 0x98(a4)
        sd      s8, 0xa0(a4)
        sd      s9, 0xa8(a4)
        sd      s10, 0xb0(a4)
        sd      s11, 0xb8(a4)
        fld     fs0, 0x00(sp)
        fld     fs1, 0x08(sp)
        fld     fs2, 0x10(sp)
        fld     fs3, 0x18(sp)
        fld     fs4, 0x20(sp)
        fld     fs5, 0x28(sp)
        fld     fs6, 0x30(sp)
        fld     fs7, 0x38(sp)
        fld     fs8, 0x40(sp)
        fld     fs9, 0x48(sp)
        fld     fs10, 0x50(sp)
        fld     fs11, 0x58(sp)
        ld      s0, 0x60(sp)
        ld      s1, 0x68(sp)
        ld      s2, 0x70(sp)
        ld      s3, 0x78(sp)
        ld      s4, 0x80(sp)
        ld      s5, 0x88(sp)
        ld      s6, 0x90(sp)
        ld      s7, 0x98(sp)
        ld      s8, 0xa0(sp)
        ld      s9, 0xa8(sp)
        ld      s10, 0xb0(sp)
        ld      s11, 0xb8(sp)
        ld      ra, 0xc0(sp)
        addi    sp, sp, 0xd0
        ret
        .section .note.GNU-stack, "", @progbits
#endif
