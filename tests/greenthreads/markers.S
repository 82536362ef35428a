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
#endif
