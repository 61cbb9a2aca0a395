/* Sliced ReLU and sliced bump attention, forward and backward, on a CPU: see native.py.

   Float32 in and out; every sum is a double, so that no order of summing, no centring and no long row costs digits.
   B rows (batch times heads) of n_q queries and n_k keys lie one behind the other. A call does `rows` of them, and of
   their d columns those from `first` to `last`: the calls of a whole are independent of each other, one a thread.

   Sliced ReLU: a walk up the sorted keys carries, in w columns at once,
       p = Σ_{t_j ≤ at} u_j        r = Σ_{t_j ≤ at} (at − t_j) u_j        u_j the centred value
   by r += (t_next − at) p: gaps and never positions enter. A query takes r + (s − at) p. Rows are read and written in
   the order of the scores, which is any order in memory, so they are prefetched AHEAD rows before they are needed. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WIDE 64   /* columns of one walk */
#define AHEAD 24  /* rows */

enum { FINE, NO_MEMORY, NOT_FINITE };

typedef struct {
    uint32_t bits, place; /* of the float, and where it stood in its row */
} Score;

typedef struct {
    int64_t n_q, n_k, d;
    const Score *s, *t;         /* ascending */
    const float *weight;        /* 1 where a key is kept, 0 where not, by its place; NULL: all are kept */
    double count;               /* of the kept keys, at least 1 */
    double width, scale;        /* of a bump: its bandwidth, and what its sums are multiplied by */
    const uint8_t *begins;      /* whether a sorted key begins a bin */
} Row;

/* For a wheel, which does not know the processor: each of these functions once for every width of its vectors, of
   which the loader takes the widest that there is. All that matters within them is INLINE. */
#if defined(FOR_ANY_PROCESSOR) && defined(__x86_64__)
#define ENTRY __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) int
#else
#define ENTRY int
#endif

#define INLINE static inline __attribute__((always_inline))

INLINE double score(const Score *a, int64_t i) {
    float x;
    memcpy(&x, &a[i].bits, 4);
    return x;
}

INLINE double kept(const Row *row, int64_t k) { return row->weight ? row->weight[row->t[k].place] : 1; }

INLINE void prefetch(const float *x, int w, int to_write) {
    for (int c = 0; c < w; c += 16) {
        if (to_write) __builtin_prefetch(x + c, 1);
        else __builtin_prefetch(x + c, 0);
    }
}

/* x: (n,) sorted by radix, in a or in b, both (n,); NULL where a difference of scores could overflow, or one is NaN.
   The bits of a float rise with it once those of a negative one are turned. */
static Score *ascending(const float *x, int64_t n, Score *a, Score *b) {
    const int size = n < 2048 ? 8 : 11, passes = n < 2048 ? 4 : 3;
    const uint32_t digit = (1u << size) - 1;
    uint32_t count[4][2048], most = 0;
    for (int pass = 0; pass < passes; pass++) memset(count[pass], 0, sizeof(uint32_t) << size);
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], 4);
        if ((bits & 0x7fffffff) > most) most = bits & 0x7fffffff;
        bits ^= (uint32_t)((int32_t)bits >> 31) | 0x80000000u;
        a[i].bits = bits;
        a[i].place = (uint32_t)i;
        for (int pass = 0; pass < passes; pass++) count[pass][bits >> (size * pass) & digit]++;
    }
    if (most > 0x7e7fffff) return NULL; /* a quarter of the largest float */
    for (int pass = 0; pass < passes; pass++) {
        uint32_t *next = count[pass], sum = 0;
        if (next[a[0].bits >> (size * pass) & digit] == n) continue; /* one digit for all */
        for (uint32_t i = 0; i <= digit; i++) {
            uint32_t here = next[i];
            next[i] = sum;
            sum += here;
        }
        for (int64_t i = 0; i < n; i++) b[next[a[i].bits >> (size * pass) & digit]++] = a[i];
        Score *swap = a;
        a = b;
        b = swap;
    }
    for (int64_t i = 0; i < n; i++) a[i].bits ^= (uint32_t)((int32_t)~a[i].bits >> 31) | 0x80000000u;
    return a;
}

/* Both sides of a row; room: for twice as many scores, those of the queries first. */
static int sort_both(Row *row, const float *s, const float *t, Score *room) {
    row->s = ascending(s, row->n_q, room, room + row->n_q);
    row->t = ascending(t, row->n_k, room + 2 * row->n_q, room + 2 * row->n_q + row->n_k);
    return row->s && row->t ? FINE : NOT_FINITE;
}

/* What the sums of ones give, by sorted query: inverse, 1 / N_i with N_i = Σ |s_i − t_l|, 0 where that is 0. Or NULL:
   share, Σ relu(s_i − t_l) / N_i; sides, the number of keys below the query less that of those above. */
static void weigh(const Row *row, double *inverse, double *share, double *sides) {
    double sum = 0, ones = 0, at = score(row->t, row->n_k - 1);
    for (int64_t q = row->n_q - 1, k = row->n_k - 1; q >= 0; q--) {
        double x = score(row->s, q);
        for (; k >= 0 && score(row->t, k) > x; k--) {
            double here = score(row->t, k);
            sum += (at - here) * ones;
            ones += kept(row, k);
            at = here;
        }
        inverse[q] = sum + (at - x) * ones;
        if (sides) sides[q] = -ones;
    }
    sum = ones = 0, at = score(row->t, 0);
    for (int64_t q = 0, k = 0; q < row->n_q; q++) {
        double x = score(row->s, q);
        for (; k < row->n_k && score(row->t, k) < x; k++) {
            double here = score(row->t, k);
            sum += (here - at) * ones;
            ones += kept(row, k);
            at = here;
        }
        double below = sum + (x - at) * ones, n = below + inverse[q];
        inverse[q] = n > 0 ? 1 / n : 0;
        if (share) share[q] = below * inverse[q];
        if (sides) sides[q] += ones;
    }
}

static double count_kept(const float *weight, int64_t n) {
    double sum = 0;
    if (!weight) return (double)n;
    for (int64_t i = 0; i < n; i++) sum += weight[i];
    return sum > 1 ? sum : 1;
}

/* Masked values are zeros. */
INLINE void means(const Row *row, int w, const float *v, double *mean) {
    for (int c = 0; c < w; c++) mean[c] = 0;
    for (int64_t j = 0; j < row->n_k; j++, v += row->d)
        for (int c = 0; c < w; c++) mean[c] += v[c];
    for (int c = 0; c < w; c++) mean[c] /= row->count;
}

/* Up to key k, from the key below it at `at`. */
INLINE double step_up(const Row *row, int w, int64_t k, double at, const float *v, const double *mean, double *p,
                      double *r) {
    prefetch(v + row->t[k + AHEAD < row->n_k ? k + AHEAD : row->n_k - 1].place * row->d, w, 0);
    double here = score(row->t, k), gap = here - at, m = kept(row, k);
    const float *value = v + row->t[k].place * row->d;
    for (int c = 0; c < w; c++) {
        r[c] += gap * p[c];
        p[c] += m * (value[c] - mean[c]);
    }
    return here;
}

/* y_i = Σ relu(s_i − t_j) u_j / N_i. */
INLINE void walk_forward(const Row *row, int w, const float *v, const double *inverse, float *y) {
    double mean[WIDE], p[WIDE] = {0}, r[WIDE] = {0}, at = score(row->t, 0);
    means(row, w, v, mean);
    for (int64_t q = 0, k = 0; q < row->n_q; q++) {
        double x = score(row->s, q);
        for (; k < row->n_k && score(row->t, k) < x; k++) at = step_up(row, w, k, at, v, mean, p, r);
        prefetch(y + row->s[q + AHEAD < row->n_q ? q + AHEAD : row->n_q - 1].place * row->d, w, 1);
        double far = x - at;
        float *out = y + row->s[q].place * row->d;
        for (int c = 0; c < w; c++) out[c] = (float)(inverse[q] * (r[c] + far * p[c]));
    }
}

/* Up: along_p and along_r grow by ⟨g_i, Σ_{t_j < s_i} u_j⟩ and ⟨g_i, Σ relu(s_i − t_j) u_j⟩. Down: dv_j, or NULL, and
   across grows by ⟨u_j, Σ_{s_i > t_j} w_i⟩ with w_i = g_i / N_i. */
INLINE void walk_backward(const Row *row, int w, const float *v, const float *g, const double *inverse,
                          const double *share, double *along_p, double *along_r, double *across, float *dv) {
    double mean[WIDE], p[WIDE] = {0}, r[WIDE] = {0}, centre[WIDE] = {0}, at = score(row->t, 0);
    means(row, w, v, mean);
    for (int64_t q = 0, k = 0; q < row->n_q; q++) {
        double x = score(row->s, q), by_p = 0, by_r = 0;
        for (; k < row->n_k && score(row->t, k) < x; k++) at = step_up(row, w, k, at, v, mean, p, r);
        prefetch(g + row->s[q + AHEAD < row->n_q ? q + AHEAD : row->n_q - 1].place * row->d, w, 0);
        double far = x - at;
        const float *own = g + row->s[q].place * row->d;
#pragma omp simd reduction(+ : by_p, by_r)
        for (int c = 0; c < w; c++) {
            by_p += own[c] * p[c];
            by_r += own[c] * (r[c] + far * p[c]);
            centre[c] += own[c] * share[q]; /* Σ_ij relu(s_i − t_j) w_i: the gradients of the centred values, summed */
        }
        along_p[q] += by_p;
        along_r[q] += by_r;
    }
    for (int c = 0; c < w; c++) {
        centre[c] /= row->count;
        p[c] = r[c] = 0;
    }
    at = score(row->s, row->n_q - 1);
    for (int64_t k = row->n_k - 1, q = row->n_q - 1; k >= 0; k--) {
        double x = score(row->t, k), m = kept(row, k), by_p = 0;
        for (; q >= 0 && score(row->s, q) > x; q--) {
            prefetch(g + row->s[q > AHEAD ? q - AHEAD : 0].place * row->d, w, 0);
            double here = score(row->s, q), gap = at - here;
            const float *own = g + row->s[q].place * row->d;
            for (int c = 0; c < w; c++) {
                r[c] += gap * p[c];
                p[c] += inverse[q] * own[c];
            }
            at = here;
        }
        int64_t soon = row->t[k > AHEAD ? k - AHEAD : 0].place * row->d, now = row->t[k].place * row->d;
        prefetch(v + soon, w, 0);
#pragma omp simd reduction(+ : by_p)
        for (int c = 0; c < w; c++) by_p += (v[now + c] - mean[c]) * p[c];
        across[k] += m * by_p;
        if (dv) {
            prefetch(dv + soon, w, 1);
            double far = at - x;
            for (int c = 0; c < w; c++) dv[now + c] = (float)(m * (r[c] + far * p[c] - centre[c]));
        }
    }
}

/* ds_i = ⟨w_i, Σ_{t_j < s_i} u_j⟩ + h_i sides_i with h_i = −⟨g_i, y_i⟩ / N_i;
   dt_j = −⟨u_j, Σ_{s_i > t_j} w_i⟩ − Σ_i h_i sign(s_i − t_j). */
static void finish(const Row *row, const double *inverse, const double *sides, const double *along_p, double *along_r,
                   const double *across, float *ds, float *dt) {
    double total = 0, below = 0, up_to = 0; /* Σ h over all queries, over those below a key, and below it or at it */
    for (int64_t q = 0; q < row->n_q; q++) {
        double h = -along_r[q] * inverse[q] * inverse[q];
        ds[row->s[q].place] = (float)(along_p[q] * inverse[q] + h * sides[q]);
        along_r[q] = h;
        total += h;
    }
    for (int64_t k = 0, i = 0, j = 0; k < row->n_k; k++) {
        double x = score(row->t, k);
        for (; i < row->n_q && score(row->s, i) < x; i++) below += along_r[i];
        for (; j < row->n_q && score(row->s, j) <= x; j++) up_to += along_r[j];
        dt[row->t[k].place] = (float)(-across[k] - kept(row, k) * (total - up_to - below));
    }
}

/* One half of a bump sum Σ max(0, 1 − |s_i − t_j| / b) u_j, or of its slopes.

   The sorted keys are cut into bins: one begins at a key, the next at the first key b or more above it. So half a window,
   from s − b to s or from s to s + b, is the beginning of one bin, which a walk up finds, or the end of one, which a walk
   down finds, or both of two that follow each other; never the middle of one. Sums start anew in every bin, and nothing
   is ever taken away again. The walk down is the walk up on negated scores. In its direction, a query takes
       at s      p − (r + (s − at) p) / b        the half window behind it
       at s + b  (r + (s + b − at) p) / b        the half window before it
   where the bin has begun within that half window (up), or has not been walked through (down): the walk up takes
   a bin that lies in the window as a whole.

   y given: it grows by that, times `scale`. Else x, by which `slope` grows by ⟨x_i, Σ_{before} u − Σ_{behind} u⟩, keys
   exactly at s or at the window's end left out, and `stretch` by ⟨x_i, Σ |s_i − t_j| / b u_j⟩. */
INLINE void walk_window(const Row *row, int w, int down, const float *u, float *y, const float *x, double *slope,
                        double *stretch) {
    const int64_t n_q = row->n_q, n_k = row->n_k;
    const double b = row->width, sign = down ? -1 : 1;
    double p[WIDE] = {0}, r[WIDE] = {0}, at = 0, first = 0;
    int64_t behind = 0, before = 0; /* the next query of each */
    int out = 1;                    /* of a bin: the next key on the way down is of another one */
    for (int64_t k = 0; before < n_q;) {
        int64_t other = down ? n_q - 1 - before : before, q = behind < n_q ? (down ? n_q - 1 - behind : behind) : other;
        int ahead = behind == n_q || sign * score(row->s, q) > sign * score(row->s, other) + b;
        if (ahead) q = other, before++;
        else behind++;
        double here, own = sign * score(row->s, q), position = ahead ? own + b : own;
        for (; k < n_k; k++) {
            int64_t i = down ? n_k - 1 - k : k;
            here = sign * score(row->t, i);
            if (here > position || (here == position && (ahead || down || !y))) break;
            int64_t soon = down ? (i > AHEAD ? i - AHEAD : 0) : (i + AHEAD < n_k ? i + AHEAD : n_k - 1);
            prefetch(u + row->t[soon].place * row->d, w, 0);
            const float *value = u + row->t[i].place * row->d;
            if (down ? out : row->begins[i]) {
                first = at = here;
                for (int c = 0; c < w; c++) p[c] = r[c] = 0;
            }
            double gap = here - at;
            for (int c = 0; c < w; c++) {
                r[c] += gap * p[c];
                p[c] += value[c];
            }
            at = here;
            out = row->begins[i];
        }
        int found = down ? !out : k > 0 && first > (ahead ? own : own - b);
        int64_t later = down ? (q > AHEAD ? q - AHEAD : 0) : (q + AHEAD < n_q ? q + AHEAD : n_q - 1);
        prefetch((y ? y : x) + row->s[later].place * row->d, w, y != NULL);
        int64_t place = row->s[q].place * row->d;
        double far = position - at;
        if (y) {
            double step = row->scale * (ahead ? far / b : 1 - far / b), ramp = row->scale * (ahead ? 1 / b : -1 / b);
            if (!found) step = ramp = 0;
            if (!down && !ahead) /* what a query meets first */
                for (int c = 0; c < w; c++) y[place + c] = (float)(step * p[c] + ramp * r[c]);
            else if (found)
                for (int c = 0; c < w; c++) y[place + c] += (float)(step * p[c] + ramp * r[c]);
        } else if (found) {
            double by_p = 0, by_r = 0;
#pragma omp simd reduction(+ : by_p, by_r)
            for (int c = 0; c < w; c++) {
                by_p += x[place + c] * p[c];
                by_r += x[place + c] * r[c];
            }
            by_r = (by_r + far * by_p) / b;
            slope[q] += ahead == down ? -by_p : by_p;
            stretch[q] += ahead ? by_p - by_r : by_r;
        }
    }
}

static void cut(const Row *row, uint8_t *begins) {
    double first = score(row->t, 0);
    for (int64_t k = 0; k < row->n_k; k++) {
        begins[k] = k == 0 || score(row->t, k) - first >= row->width;
        if (begins[k]) first = score(row->t, k);
    }
}

#define WALK(walk, w, ...)                                 \
    do {                                                   \
        if ((w) == 64) walk(&row, 64, __VA_ARGS__);        \
        else if ((w) == 32) walk(&row, 32, __VA_ARGS__);   \
        else if ((w) == 16) walk(&row, 16, __VA_ARGS__);   \
        else walk(&row, (w), __VA_ARGS__);                 \
    } while (0)

/* s, t: (rows, n_q), (rows, n_k). v: (rows, n_k, d). weight: (rows, n_k) or NULL. y: (rows, n_q, d), written. No size is
   0. The room for a row is 16 bytes a score. */
ENTRY sliced_relu_forward(int64_t rows, int64_t n_q, int64_t n_k, int64_t d, int64_t first, int64_t last, const float *s,
                          const float *t, const float *v, const float *weight, float *y) {
    Score *room = malloc(sizeof(Score) * 2 * (n_q + n_k));
    int result = room ? FINE : NO_MEMORY;
    for (int64_t b = 0; b < rows && result == FINE; b++) {
        Row row = {.n_q = n_q, .n_k = n_k, .d = d, .weight = weight ? weight + b * n_k : NULL};
        if ((result = sort_both(&row, s + b * n_q, t + b * n_k, room)) != FINE) break;
        row.count = count_kept(row.weight, n_k);
        double *inverse = (double *)(row.s == room ? room + n_q : room);
        weigh(&row, inverse, NULL, NULL);
        for (int64_t c = first; c < last; c += WIDE) {
            int w = last - c < WIDE ? (int)(last - c) : WIDE;
            const float *v_c = v + b * n_k * d + c;
            float *y_c = y + b * n_q * d + c;
            WALK(walk_forward, w, v_c, inverse, y_c);
        }
    }
    free(room);
    return result;
}

/* g: (rows, n_q, d). ds, dt: (rows, n_q), (rows, n_k), dv: (rows, n_k, d) or NULL, written: of ds and dt what these
   columns give, to be added up. The room for a row is 48 bytes a query and 24 a key. */
ENTRY sliced_relu_backward(int64_t rows, int64_t n_q, int64_t n_k, int64_t d, int64_t first, int64_t last, const float *s,
                           const float *t, const float *v, const float *weight, const float *g, float *ds, float *dt,
                           float *dv) {
    Score *room = malloc(sizeof(Score) * (6 * n_q + 3 * n_k)), *more = room + 2 * (n_q + n_k);
    int result = room ? FINE : NO_MEMORY;
    for (int64_t b = 0; b < rows && result == FINE; b++) {
        Row row = {.n_q = n_q, .n_k = n_k, .d = d, .weight = weight ? weight + b * n_k : NULL};
        if ((result = sort_both(&row, s + b * n_q, t + b * n_k, room)) != FINE) break;
        row.count = count_kept(row.weight, n_k);
        double *inverse = (double *)(row.s == room ? room + n_q : room), *share = (double *)more, *sides = share + n_q;
        double *along_p = sides + n_q, *along_r = along_p + n_q, *across = along_r + n_q;
        memset(along_p, 0, sizeof(double) * (2 * n_q + n_k));
        weigh(&row, inverse, share, sides);
        for (int64_t c = first; c < last; c += WIDE) {
            int w = last - c < WIDE ? (int)(last - c) : WIDE;
            const float *v_c = v + b * n_k * d + c, *g_c = g + b * n_q * d + c;
            float *dv_c = dv ? dv + b * n_k * d + c : NULL;
            WALK(walk_backward, w, v_c, g_c, inverse, share, along_p, along_r, across, dv_c);
        }
        finish(&row, inverse, sides, along_p, along_r, across, ds + b * n_q, dt + b * n_k);
    }
    free(room);
    return result;
}

/* u: (rows, n_k, d). width, scale: (rows,). y: (rows, n_q, d), written. */
ENTRY sliced_bump_sum(int64_t rows, int64_t n_q, int64_t n_k, int64_t d, int64_t first, int64_t last, const float *s,
                      const float *t, const float *u, const double *width, const double *scale, float *y) {
    Score *room = malloc(sizeof(Score) * 2 * (n_q + n_k) + n_k), *more = room + 2 * (n_q + n_k);
    int result = room ? FINE : NO_MEMORY;
    for (int64_t b = 0; b < rows && result == FINE; b++) {
        uint8_t *begins = (uint8_t *)more;
        Row row = {.n_q = n_q, .n_k = n_k, .d = d, .width = width[b], .scale = scale[b], .begins = begins};
        if ((result = sort_both(&row, s + b * n_q, t + b * n_k, room)) != FINE) break;
        cut(&row, begins);
        for (int64_t c = first; c < last; c += WIDE) {
            int w = last - c < WIDE ? (int)(last - c) : WIDE;
            const float *u_c = u + b * n_k * d + c;
            float *y_c = y + b * n_q * d + c;
            for (int down = 0; down < 2; down++) WALK(walk_window, w, down, u_c, y_c, NULL, NULL, NULL);
        }
    }
    free(room);
    return result;
}

/* x: (rows, n_q, d). ds: (rows, n_q), Σ_j f′(s_i − t_j) ⟨u_j, x_i⟩, and db: (rows,), the same by the bandwidth; of these
   columns, to be added up. */
ENTRY sliced_bump_slopes(int64_t rows, int64_t n_q, int64_t n_k, int64_t d, int64_t first, int64_t last, const float *s,
                         const float *t, const float *u, const double *width, const double *scale, const float *x,
                         float *ds, double *db) {
    Score *room = malloc(sizeof(Score) * (4 * n_q + 2 * n_k) + n_k), *more = room + 2 * (n_q + n_k);
    int result = room ? FINE : NO_MEMORY;
    for (int64_t b = 0; b < rows && result == FINE; b++) {
        double *slope = (double *)more, *stretch = slope + n_q;
        uint8_t *begins = (uint8_t *)(stretch + n_q);
        Row row = {.n_q = n_q, .n_k = n_k, .d = d, .width = width[b], .scale = scale[b], .begins = begins};
        if ((result = sort_both(&row, s + b * n_q, t + b * n_k, room)) != FINE) break;
        cut(&row, begins);
        memset(slope, 0, sizeof(double) * 2 * n_q);
        for (int64_t c = first; c < last; c += WIDE) {
            int w = last - c < WIDE ? (int)(last - c) : WIDE;
            const float *u_c = u + b * n_k * d + c, *x_c = x + b * n_q * d + c;
            for (int down = 0; down < 2; down++) WALK(walk_window, w, down, u_c, NULL, x_c, slope, stretch);
        }
        db[b] = 0;
        for (int64_t q = 0; q < n_q; q++) {
            ds[b * n_q + row.s[q].place] = (float)(row.scale / row.width * slope[q]);
            db[b] += row.scale / row.width * stretch[q];
        }
    }
    free(room);
    return result;
}
