/* SPDX-License-Identifier: MIT
 *
 * bench.c - what a pixel costs: to count its steps, one at a time or by vectors;
 * to send it through a channel; to color and compress it too.
 *
 * Try: threadpool-julia bench
 */
#include "../deflate.h"
#include "../demo.h"
#include "../picture.h"
#include "verbs.h"

/* The default picture, a quarter as large. */
static const struct julia view = {960, 540, -0.8F, 0.156F, 300};

/* ---- Counted, and forgotten ---- */

static int forget_band(void *context, int thread, int number, int place,
                       int rows, const int32_t *steps)
{
    (void)context, (void)thread, (void)number, (void)place;
    (void)rows, (void)steps;
    return 0;
}

static int forget_part(void *context)
{
    (void)context;
    return 0;
}

static int count(enum julia_isa isa, int threads)
{
    const struct render_options options = {threads, isa, RENDER_DYNAMIC, 0};
    const struct render_sink sink = {forget_band, forget_part, NULL, NULL};

    return render(&view, &options, &sink, NULL);
}

/* The rows of the table are functions without arguments. */
#define COUNT_ROW(name, isa, threads) \
    static int name(long pixels)      \
    {                                 \
        (void)pixels;                 \
        return count(isa, threads);   \
    }

COUNT_ROW(scalar_1, JULIA_SCALAR, 1)
COUNT_ROW(scalar_all, JULIA_SCALAR, 0)
COUNT_ROW(sse2_all, JULIA_SSE2, 0)
COUNT_ROW(avx2_all, JULIA_AVX2, 0)
COUNT_ROW(avx512_all, JULIA_AVX512, 0)
COUNT_ROW(neon_all, JULIA_NEON, 0)
COUNT_ROW(best_1, julia_isa_best(), 1)

/* ---- Whole pictures, to /dev/null ---- */

static int draw(bool by_channel, int level)
{
    const struct picture picture = {
        .view = view,
        .options = {.isa = julia_isa_best(), .schedule = RENDER_DYNAMIC},
        .by_channel = by_channel,
        .level = level,
    };

    return picture_draw(&picture, "/dev/null", NULL);
}

static int by_channel(long pixels)
{
    (void)pixels;
    return draw(true, DEFLATE_DEFAULT);
}

static int by_rows(long pixels)
{
    (void)pixels;
    return draw(false, DEFLATE_DEFAULT);
}

static int by_rows_fastest(long pixels)
{
    (void)pixels;
    return draw(false, DEFLATE_FASTEST);
}

int bench_main(int argc, char **argv)
{
    static const struct {
        struct contender row;
        enum julia_isa needs;
    } all[] = {
        {{"count, scalar, 1 thread", scalar_1, 0}, JULIA_SCALAR},
        {{"count, scalar", scalar_all, 0}, JULIA_SCALAR},
        {{"count, sse2", sse2_all, 0}, JULIA_SSE2},
        {{"count, avx2", avx2_all, 0}, JULIA_AVX2},
        {{"count, avx512", avx512_all, 0}, JULIA_AVX512},
        {{"count, neon", neon_all, 0}, JULIA_NEON},
        {{"count, fastest, 1 thread", best_1, 0}, JULIA_SCALAR},
        {{"draw, --how channel", by_channel, 0}, JULIA_SCALAR},
        {{"draw, --level 0", by_rows_fastest, 0}, JULIA_SCALAR},
        {{"draw", by_rows, 0}, JULIA_SCALAR},
    };
    struct contender rows[sizeof all / sizeof all[0]];
    size_t row_count = 0;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (julia_isa_present(all[i].needs)) {
            rows[row_count] = all[i].row;
            rows[row_count++].operations = (long)view.width * view.height;
        }
    return run_bench(
        argc, argv,
        "The default picture at 960 x 540, nanoseconds per pixel; by all "
        "threads where not said otherwise.",
        rows, row_count);
}
