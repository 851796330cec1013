/*
 * step_base64.c - the codec "base64": bytes as letters, four for each three
 *
 * Text is what numcodecs writes: without line ends, filled up with "=".  Other
 * characters, letters behind the filling and a length that is no multiple of
 * four are refused, where decoders for mail would pass over them.  Of the bits
 * that the last letter has too many nothing is asked, as nowhere else.
 */
#include "codec.h"
#include "worker.h"

#define NONE 0x80 /* no letter: above all of their values */

static const uint8_t letters[64] = {
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P',
    'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f',
    'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v',
    'w', 'x', 'y', 'z', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '/',
};

#define X4 NONE, NONE, NONE, NONE
#define X16 X4, X4, X4, X4
#define X64 X16, X16, X16, X16

/* What each character stands for, in the order of ASCII. */
static const uint8_t values[256] = {
    X16,  X16, X4, X4, NONE, NONE, NONE, 62, NONE, NONE, NONE, 63,       /* to "/" */
    52,   53,  54, 55, 56,   57,   58,   59, 60,   61,   NONE, NONE, X4, /* digits */
    NONE, 0,   1,  2,  3,    4,    5,    6,  7,    8,    9,    10,   11,   12,  13,
    14,   15,  16, 17, 18,   19,   20,   21, 22,   23,   24,   25,   NONE, X4,  NONE,
    26,   27,  28, 29, 30,   31,   32,   33, 34,   35,   36,   37,   38,   39,  40,
    41,   42,  43, 44, 45,   46,   47,   48, 49,   50,   51,   NONE, X4,   X64, X64,
};

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    (void)step;
    if (decoded_nbytes > (size_t)INT64_MAX / 2)
        return ZP_ERR_TOO_LARGE;
    return (int64_t)((decoded_nbytes + 2) / 3 * 4);
}

static int64_t
encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    const uint8_t *from = src;
    uint8_t *to = dst;
    int64_t nbytes = bound(step, src_nbytes);

    if (nbytes < 0)
        return nbytes;
    if ((size_t)nbytes > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    for (size_t i = src_nbytes / 3; i > 0; i--, from += 3, to += 4) {
        to[0] = letters[from[0] >> 2];
        to[1] = letters[(from[0] << 4 | from[1] >> 4) & 63];
        to[2] = letters[(from[1] << 2 | from[2] >> 6) & 63];
        to[3] = letters[from[2] & 63];
    }
    if (src_nbytes % 3) {
        uint8_t second = src_nbytes % 3 == 2 ? from[1] : 0;
        to[0] = letters[from[0] >> 2];
        to[1] = letters[(from[0] << 4 | second >> 4) & 63];
        to[2] = src_nbytes % 3 == 2 ? letters[second << 2 & 63] : '=';
        to[3] = '=';
    }
    return nbytes;
}

/* Decode groups of four letters, of which none is filling; whether all are letters. */
static int
decode_groups(const uint8_t *from, uint8_t *to, size_t ngroups)
{
    uint8_t seen = 0;

    for (; ngroups > 0; ngroups--, from += 4, to += 3) {
        uint8_t a = values[from[0]], b = values[from[1]], c = values[from[2]], d = values[from[3]];
        seen |= a | b | c | d;
        to[0] = (uint8_t)(a << 2 | b >> 4);
        to[1] = (uint8_t)(b << 4 | c >> 2);
        to[2] = (uint8_t)(c << 6 | d);
    }
    return !(seen & NONE);
}

static int64_t
decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    const uint8_t *from = src;
    size_t ngroups = src_nbytes / 4, filling = 0;

    (void)step;
    if (src_nbytes % 4)
        return zp_fail(worker, ZP_ERR_CORRUPT, "not base64: not a whole number of four letters");
    if (ngroups && from[src_nbytes - 1] == '=')
        filling = from[src_nbytes - 2] == '=' ? 2 : 1;
    if (3 * ngroups - filling > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    int good = decode_groups(from, dst, ngroups - (filling > 0));
    if (filling) {
        uint8_t last[4] = {'A', 'A', 'A', 'A'}, decoded[3];
        uint8_t *to = (uint8_t *)dst + 3 * (ngroups - 1);
        for (size_t i = 0; i < 4 - filling; i++)
            last[i] = from[src_nbytes - 4 + i];
        good &= decode_groups(last, decoded, 1);
        for (size_t i = 0; i < 3 - filling; i++)
            to[i] = decoded[i];
    }
    if (!good)
        return zp_fail(worker, ZP_ERR_CORRUPT, "not base64: a character that is no letter of it");
    return (int64_t)(3 * ngroups - filling);
}

const zp_codec zp_codec_base64 = {
    .name = "base64",
    .encode = encode,
    .decode = decode,
    .bound = bound,
    .flags = ZP_EXACT,
};
