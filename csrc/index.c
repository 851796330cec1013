/*
 * index.c - which chunks a plan touches, and under which keys
 *
 * Task i of a plan is the i-th element of the product of the axes' pieces, last
 * axis fastest: its digits in the mixed radix of the row lengths.
 */
#include "zarrpy.h"

#include <string.h>

int64_t
zp_ntasks(int ndim, const zp_axis *axes)
{
    int64_t n = 1;
    for (int i = 0; i < ndim; i++) {
        if (axes[i].npieces == 0)
            return 0;
        if (n > INT64_MAX / axes[i].npieces)
            return ZP_ERR_TOO_LARGE;
        n *= axes[i].npieces;
    }
    return n;
}

void
zp_task_pieces(int ndim, const zp_axis *axes, int64_t task, const zp_piece **pieces)
{
    for (int i = ndim - 1; i >= 0; i--) {
        pieces[i] = &axes[i].pieces[task % axes[i].npieces];
        task /= axes[i].npieces;
    }
}

/* Decimal digits of a number that is not negative; returns how many. */
static int
format_number(int64_t number, char *text)
{
    char reversed[20];
    int n = 0;
    do {
        reversed[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    for (int i = 0; i < n; i++)
        text[i] = reversed[n - 1 - i];
    return n;
}

int
zp_key_format(const zp_keys *keys, int ndim, const int64_t *grid_index, char *key)
{
    const char *head = ndim == 0 ? keys->zero : keys->prefix;
    size_t length = strlen(head);
    if (length + (size_t)ndim * 20 + 1 > ZP_MAX_KEY)
        return ZP_ERR_TOO_LARGE;
    memcpy(key, head, length);
    for (int i = 0; i < ndim; i++) {
        if (i > 0)
            key[length++] = keys->separator;
        length += (size_t)format_number(grid_index[i], key + length);
    }
    key[length] = '\0';
    return (int)length;
}
