/* SPDX-License-Identifier: MIT
 *
 * julia_lanes.h - for julia_lanes.c alone: what differs between instruction
 * sets. How many lanes a vector has; how many vectors are under way at once,
 * so that while one waits for its product the processor has the others to work
 * on; and how to move the wanted lanes of a vector together, which is the one
 * thing GCC's vector extensions have no word for.
 *
 * Read with: gcc's manual, "Using Vector Instructions through Built-in
 * Functions".
 */
#ifndef JULIA_LANES_H
#define JULIA_LANES_H

#include <stdint.h>
#include <string.h>

#include "julia_tile.h"

#if defined LANES_AVX512
enum { LANES = 16, VECTORS = 6 };
#elif defined LANES_AVX2
enum { LANES = 8, VECTORS = 4 };
#elif defined LANES_SSE2
enum { LANES = 4, VECTORS = 4 };
#elif defined LANES_NEON
enum { LANES = 4, VECTORS = 4 };
#endif

typedef float floats __attribute__((vector_size(4 * LANES)));
typedef int32_t ints __attribute__((vector_size(4 * LANES)));

/* Vectors lie at any address, so they are copied: one instruction each. */
static inline floats load_floats(const float *from)
{
    floats v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline ints load_ints(const int32_t *from)
{
    ints v;
    memcpy(&v, from, sizeof v);
    return v;
}

/* ---- A bit a lane ---- */

/* The lanes in which a comparison was true. */
static inline unsigned lanes_where(ints yes);

/* Writes a whole vector: from's wanted lanes, moved together in their order,
 * and behind them anything. */
static inline void pack(void *to, ints from, unsigned wanted);

#if defined LANES_AVX512
#include <immintrin.h>

static inline unsigned lanes_where(ints yes)
{
    return _mm512_movepi32_mask((__m512i)yes);
}

static inline void pack(void *to, ints from, unsigned wanted)
{
    __m512i packed =
        _mm512_maskz_compress_epi32((__mmask16)wanted, (__m512i)from);
    _mm512_storeu_si512(to, packed);
}

#elif defined LANES_AVX2
#include <immintrin.h>

static inline unsigned lanes_where(ints yes)
{
    return (unsigned)_mm256_movemask_ps((__m256)yes);
}

static inline void pack(void *to, ints from, unsigned wanted)
{
    /* A byte for each lane, the wanted ones 0xff; then their numbers, of which
     * only the wanted stay, moved together. */
    uint64_t bytes = _pdep_u64(wanted, 0x0101010101010101) * 0xff;
    uint64_t order = _pext_u64(0x0706050403020100, bytes);
    __m256i lanes = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)order));

    _mm256_storeu_si256(to, _mm256_permutevar8x32_epi32((__m256i)from, lanes));
}

#else

#ifdef LANES_SSE2
#include <immintrin.h>

static inline unsigned lanes_where(ints yes)
{
    return (unsigned)_mm_movemask_ps((__m128)yes);
}

#else

static inline unsigned lanes_where(ints yes)
{
    unsigned lanes = 0;

    for (int i = 0; i < LANES; i++)
        lanes |= ((unsigned)yes[i] & 1U) << i;
    return lanes;
}

#endif

static inline void pack(void *to, ints from, unsigned wanted)
{
    int32_t *at = to;

    for (int i = 0; i < LANES; i++) {
        *at = from[i]; /* the next one writes over it, unless it was wanted */
        at += wanted >> i & 1U;
    }
}

#endif

#endif
