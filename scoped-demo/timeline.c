/* SPDX-License-Identifier: MIT
 *
 * timeline.c - spans are noted in the order of their ends, and drawn in that of
 * their beginnings: one within another comes later, and so on top.
 */
#include "timeline.h"

#include <stdbool.h>
#include <stdlib.h>

enum { LANE = 40, LEFT = 70, WIDTH = 900 };

void timeline_begin(struct timeline *t)
{
    atomic_init(&t->count, 1);
}

void timeline_note(struct timeline *t, const struct span *s)
{
    /* relaxed: it hands out slots; the drawer comes after what joined us. */
    int slot = atomic_fetch_add_explicit(&t->count, 1, memory_order_relaxed);

    if (slot < TIMELINE_SPANS)
        t->span[slot] = *s;
}

void timeline_end(struct timeline *t, const struct span *whole)
{
    t->span[0] = *whole;
}

static int earliest_first(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static void draw_bar(const struct span *s, double x, double wide,
                     const char *color, FILE *svg)
{
    fprintf(svg,
            "<rect x='%.1f' y='%u' width='%.1f' height='22' fill='%s' "
            "stroke='white' stroke-width='.4'><title>fib(%d), %.1f "
            "us</title></rect>\n",
            x, s->by * LANE + 12, wide < 1 ? 1 : wide, color, s->n,
            (double)(s->end - s->begin) / 1e3);
    if (wide > 18)
        fprintf(svg, "<text x='%.1f' y='%u'>%d</text>\n", x + 2,
                s->by * LANE + 27, s->n);
}

static void draw_arrow(const struct span *s, double x, FILE *svg)
{
    bool down = s->by > s->from;

    fprintf(svg,
            "<line x1='%.1f' y1='%u' x2='%.1f' y2='%u' stroke='black' "
            "stroke-width='.8' marker-end='url(#tip)'/>\n",
            x, s->from * LANE + (down ? 34 : 12), x,
            s->by * LANE + (down ? 12 : 34));
}

void timeline_draw(struct timeline *t, unsigned workers, FILE *svg)
{
    /* relaxed: all that noted something have been joined. */
    int count = atomic_load_explicit(&t->count, memory_order_relaxed);
    const struct span whole = t->span[0];
    double scale = (double)WIDTH / (double)(whole.end - whole.begin + 1);

    count = count < TIMELINE_SPANS ? count : TIMELINE_SPANS;
    qsort(t->span + 1, (size_t)count - 1, sizeof t->span[0], earliest_first);
    fprintf(svg,
            "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%u' "
            "font-family='sans-serif' font-size='11'>\n"
            "<defs><marker id='tip' viewBox='0 0 6 6' refX='6' refY='3' "
            "markerWidth='5' markerHeight='5' orient='auto'>"
            "<path d='M0,0L6,3L0,6z'/></marker></defs>\n"
            "<rect width='100%%' height='100%%' fill='white'/>\n",
            WIDTH + LEFT + 20, workers * LANE + 30);
    for (unsigned w = 0; w < workers; w++)
        fprintf(svg, "<text x='4' y='%u'>worker %u</text>\n", w * LANE + 27, w);
    for (int i = 0; i < count; i++)
        draw_bar(&t->span[i],
                 LEFT + (double)(t->span[i].begin - whole.begin) * scale,
                 (double)(t->span[i].end - t->span[i].begin) * scale,
                 i == 0 ? "#9ecae1" : "#fdae6b", svg);
    for (int i = 1; i < count; i++)
        draw_arrow(&t->span[i],
                   LEFT + (double)(t->span[i].begin - whole.begin) * scale,
                   svg);
    fprintf(svg,
            "<text x='%d' y='%u'>fib(%d) in %.2f ms; each arrow is a theft, "
            "from whom and by whom, with its n</text>\n</svg>\n",
            LEFT, workers * LANE + 20, whole.n,
            (double)(whole.end - whole.begin) / 1e6);
}
