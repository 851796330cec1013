/*
 * strided.c - copy and fill N-dimensional blocks of elements
 *
 * A block is a shape and, on each side, a stride in bytes an axis.  Before the
 * loops the axes are brought into the order in which the destination advances,
 * and axes that continue one another on both sides are merged; what remains is
 * as few and as long rows as the layout allows.  Where the source runs fastest
 * along another axis than the destination (a transpose), the two axes are
 * walked in tiles, so that both sides stay in the cache.
 */
#include "stream.h"
#include "zarrpy.h"

#include <string.h>

#define TILE 32

/* Into each caller, whose constants then decide what is left of the body. */
#if defined(__GNUC__) || defined(__clang__)
#define ZP_INLINE inline __attribute__((always_inline))
#else
#define ZP_INLINE __forceinline
#endif

typedef struct axis {
    int64_t n;
    int64_t src;
    int64_t dst;
} axis;

typedef struct element {
    uint32_t itemsize;
    uint32_t swap;
    int stream; /* past the cache */
} element;

static int64_t
magnitude(int64_t stride)
{
    return stride < 0 ? -stride : stride;
}

/* Axes of length over 1, the destination's fastest last; -1 when the block is empty. */
static int
ordered_axes(int ndim, const int64_t *shape, const int64_t *src, const int64_t *dst, axis *axes)
{
    int n = 0;
    for (int i = 0; i < ndim; i++) {
        if (shape[i] <= 0)
            return -1;
        if (shape[i] == 1)
            continue;
        axis new_axis = {shape[i], src ? src[i] : 0, dst[i]};
        int at = n++;
        while (at > 0 && magnitude(axes[at - 1].dst) < magnitude(new_axis.dst)) {
            axes[at] = axes[at - 1];
            at--;
        }
        axes[at] = new_axis;
    }
    return n;
}

/* Join neighbours that are one run of memory on both sides. */
static int
merge_axes(int n, axis *axes)
{
    int last = 0;
    if (n == 0)
        return 0;
    for (int i = 1; i < n; i++) {
        axis *outer = &axes[last], *inner = &axes[i];
        if (outer->src == inner->src * inner->n && outer->dst == inner->dst * inner->n) {
            outer->n *= inner->n;
            outer->src = inner->src;
            outer->dst = inner->dst;
        } else {
            axes[++last] = *inner;
        }
    }
    return last + 1;
}

/* One element, its bytes reversed in groups. */
static void
copy_swapped(const char *src, char *dst, element e)
{
    for (uint32_t group = 0; group < e.itemsize; group += e.swap)
        for (uint32_t i = 0; i < e.swap; i++)
            dst[group + i] = src[group + e.swap - 1 - i];
}

/* A row whose elements lie apart on at least one side. */
static void
copy_scattered_row(const char *src, int64_t src_stride, char *dst, int64_t dst_stride, int64_t n,
                   element e)
{
    if (e.swap) {
        for (int64_t i = 0; i < n; i++)
            copy_swapped(src + i * src_stride, dst + i * dst_stride, e);
        return;
    }
    /* memcpy of a constant size becomes one load and one store */
    switch (e.itemsize) {
    case 1:
        for (int64_t i = 0; i < n; i++)
            dst[i * dst_stride] = src[i * src_stride];
        break;
    case 2:
        for (int64_t i = 0; i < n; i++)
            memcpy(dst + i * dst_stride, src + i * src_stride, 2);
        break;
    case 4:
        for (int64_t i = 0; i < n; i++)
            memcpy(dst + i * dst_stride, src + i * src_stride, 4);
        break;
    case 8:
        for (int64_t i = 0; i < n; i++)
            memcpy(dst + i * dst_stride, src + i * src_stride, 8);
        break;
    case 16:
        for (int64_t i = 0; i < n; i++)
            memcpy(dst + i * dst_stride, src + i * src_stride, 16);
        break;
    default:
        for (int64_t i = 0; i < n; i++)
            memcpy(dst + i * dst_stride, src + i * src_stride, e.itemsize);
    }
}

static ZP_INLINE void
copy_row(const char *src, char *dst, axis row, element e)
{
    if (row.src != e.itemsize || row.dst != e.itemsize)
        copy_scattered_row(src, row.src, dst, row.dst, row.n, e);
    else if (e.swap)
        zp_byteswap(src, dst, (size_t)row.n * e.itemsize, e.swap);
    else if (e.stream)
        zp_stream_copy(dst, src, (size_t)row.n * e.itemsize);
    else
        memcpy(dst, src, (size_t)row.n * e.itemsize);
}

/* Two axes, walked in tiles: `fast` is the destination's, `cross` the source's. */
static void
copy_tiles(const char *src, char *dst, axis cross, axis fast, element e)
{
    for (int64_t i = 0; i < cross.n; i += TILE) {
        int64_t rows = cross.n - i < TILE ? cross.n - i : TILE;
        for (int64_t j = 0; j < fast.n; j += TILE) {
            int64_t columns = fast.n - j < TILE ? fast.n - j : TILE;
            for (int64_t k = i; k < i + rows; k++)
                copy_scattered_row(src + k * cross.src + j * fast.src, fast.src,
                                   dst + k * cross.dst + j * fast.dst, fast.dst, columns, e);
        }
    }
}

/* Put the axis along which the source runs fastest next to the last; 1 if there is one. */
static int
bring_cross_axis(int n, axis *axes, uint32_t itemsize)
{
    axis *fast = &axes[n - 1];
    if (magnitude(fast->src) <= itemsize)
        return 0;
    int cross = -1;
    for (int i = 0; i < n - 1; i++)
        if (magnitude(axes[i].src) == itemsize)
            cross = i;
    if (cross < 0)
        return 0;
    axis found = axes[cross];
    for (int i = cross; i < n - 2; i++)
        axes[i] = axes[i + 1];
    axes[n - 2] = found;
    return 1;
}

/* Add one to the odometer; 0 after the last position. */
static int
advance(int n, const axis *axes, int64_t *position, const char **src, char **dst)
{
    for (int i = n - 1; i >= 0; i--) {
        *src += axes[i].src;
        *dst += axes[i].dst;
        if (++position[i] < axes[i].n)
            return 1;
        *src -= axes[i].src * axes[i].n;
        *dst -= axes[i].dst * axes[i].n;
        position[i] = 0;
    }
    return 0;
}

/* One body for each caller: to ask of each short row whether it is streamed doubles its price. */
static ZP_INLINE void
copy(int ndim, const int64_t *shape, const char *src, const int64_t *src_strides, char *dst,
     const int64_t *dst_strides, element e)
{
    uint32_t itemsize = e.itemsize;
    axis axes[ZP_MAX_NDIM];
    int64_t position[ZP_MAX_NDIM] = {0};
    int n = ordered_axes(ndim, shape, src_strides, dst_strides, axes);
    if (n < 0 || itemsize == 0)
        return;
    n = merge_axes(n, axes);
    if (n == 0) {
        axis one = {1, itemsize, itemsize};
        copy_row(src, dst, one, e);
        return;
    }
    if (n == 1) {
        copy_row(src, dst, axes[0], e);
        return;
    }
    int tiled = bring_cross_axis(n, axes, itemsize);
    axis outer = axes[n - 2], row = axes[n - 1];
    do {
        if (tiled)
            copy_tiles(src, dst, outer, row, e);
        else
            for (int64_t i = 0; i < outer.n; i++)
                copy_row(src + i * outer.src, dst + i * outer.dst, row, e);
    } while (advance(n - 2, axes, position, &src, &dst));
}

void
zp_copy(int ndim, const int64_t *shape, const char *src, const int64_t *src_strides, char *dst,
        const int64_t *dst_strides, uint32_t itemsize, uint32_t swap)
{
    element e = {itemsize, swap > 1 ? swap : 0, 0};
    copy(ndim, shape, src, src_strides, dst, dst_strides, e);
}

void
zp_copy_streamed(int ndim, const int64_t *shape, const char *src, const int64_t *src_strides,
                 char *dst, const int64_t *dst_strides, uint32_t itemsize, uint32_t swap)
{
    element e = {itemsize, swap > 1 ? swap : 0, 1};
    copy(ndim, shape, src, src_strides, dst, dst_strides, e);
    zp_stream_end();
}

/* Repeat one element over contiguous memory by doubling what is there. */
static void
fill_contiguous(char *dst, size_t nbytes, const void *element_bytes, uint32_t itemsize)
{
    size_t done = itemsize;
    memcpy(dst, element_bytes, itemsize);
    while (done < nbytes) {
        size_t more = nbytes - done < done ? nbytes - done : done;
        memcpy(dst + done, dst, more);
        done += more;
    }
}

static void
fill_row(char *dst, axis row, const void *element_bytes, uint32_t itemsize)
{
    if (row.dst == itemsize)
        fill_contiguous(dst, (size_t)row.n * itemsize, element_bytes, itemsize);
    else
        for (int64_t i = 0; i < row.n; i++)
            memcpy(dst + i * row.dst, element_bytes, itemsize);
}

void
zp_fill(int ndim, const int64_t *shape, char *dst, const int64_t *dst_strides,
        const void *element_bytes, uint32_t itemsize)
{
    axis axes[ZP_MAX_NDIM];
    int64_t position[ZP_MAX_NDIM] = {0};
    const char *unused = NULL;
    int n = ordered_axes(ndim, shape, NULL, dst_strides, axes);
    if (n < 0 || itemsize == 0)
        return;
    n = merge_axes(n, axes);
    axis row = {1, 0, itemsize};
    if (n > 0)
        row = axes[n - 1];
    do {
        fill_row(dst, row, element_bytes, itemsize);
    } while (n > 1 && advance(n - 1, axes, position, &unused, &dst));
}

int
zp_is_filled(const void *data, size_t nbytes, const void *element_bytes, uint32_t itemsize)
{
    const char *bytes = data;
    if (nbytes < itemsize || itemsize == 0)
        return nbytes == 0;
    if (memcmp(bytes, element_bytes, itemsize) != 0)
        return 0;
    /* equal to itself moved by one element: every element equals the first */
    return memcmp(bytes, bytes + itemsize, nbytes - itemsize) == 0;
}
