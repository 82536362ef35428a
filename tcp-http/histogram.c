/* SPDX-License-Identifier: MIT
 *
 * histogram.c - the position of the highest bit chooses the power of two, the six
 * bits below it the bucket.
 *
 *     value  0 .. 127     bucket 0 .. 127
 *            128 .. 255          128 .. 191, two values each
 *            256 .. 511          192 .. 255, four values each, and so on
 */
#include "histogram.h"

static unsigned bucket_of(uint64_t value)
{
    if (value < 64)
        return (unsigned)value;
    unsigned shift =
        57 - (unsigned)__builtin_clzll(value); /* seven bits stay */
    return shift * 64 + (unsigned)(value >> shift);
}

/* The largest value of a bucket. */
static uint64_t last_of(unsigned bucket)
{
    if (bucket < 64)
        return bucket;
    unsigned shift = bucket / 64 - 1;
    return ((uint64_t)(bucket % 64 + 64 + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t value)
{
    h->in[bucket_of(value)]++;
    h->count++;
    if (value > h->most)
        h->most = value;
}

void histogram_merge(struct histogram *h, const struct histogram *other)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        h->in[i] += other->in[i];
    h->count += other->count;
    if (other->most > h->most)
        h->most = other->most;
}

uint64_t histogram_quantile(const struct histogram *h, double share)
{
    double wanted = share * (double)h->count;
    uint64_t seen = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->in[i];
        if (seen > 0 && (double)seen >= wanted)
            return last_of(i) < h->most ? last_of(i) : h->most;
    }
    return h->most;
}
