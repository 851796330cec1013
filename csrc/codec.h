/*
 * codec.h - the built-in codecs, as they see each other; not part of the public interface
 */
#ifndef ZP_CODEC_H
#define ZP_CODEC_H

#include "zarrpy.h"

#ifndef ZP_HAVE_LIBDEFLATE
#define ZP_HAVE_LIBDEFLATE 0
#endif
#ifndef ZP_HAVE_ZLIBNG
#define ZP_HAVE_ZLIBNG 0
#endif
#ifndef ZP_HAVE_ZFP
#define ZP_HAVE_ZFP 0
#endif
#ifndef ZP_HAVE_BLOSCLZ
#define ZP_HAVE_BLOSCLZ 0
#endif
#define ZP_HAVE_DEFLATE (ZP_HAVE_LIBDEFLATE || ZP_HAVE_ZLIBNG)

extern const zp_codec zp_codec_adler32;
extern const zp_codec zp_codec_astype;
extern const zp_codec zp_codec_base64;
extern const zp_codec zp_codec_bitround;
extern const zp_codec zp_codec_blosc;
extern const zp_codec zp_codec_byteswap;
extern const zp_codec zp_codec_categorize;
extern const zp_codec zp_codec_crc32;
extern const zp_codec zp_codec_crc32c;
extern const zp_codec zp_codec_delta;
extern const zp_codec zp_codec_fixedscaleoffset;
extern const zp_codec zp_codec_fletcher32;
extern const zp_codec zp_codec_gzip;
extern const zp_codec zp_codec_jenkins_lookup3;
extern const zp_codec zp_codec_lz4;
extern const zp_codec zp_codec_packbits;
extern const zp_codec zp_codec_quantize;
extern const zp_codec zp_codec_shuffle;
extern const zp_codec zp_codec_snappy;
extern const zp_codec zp_codec_vlen_utf8;
extern const zp_codec zp_codec_zfp;
extern const zp_codec zp_codec_zlib;
extern const zp_codec zp_codec_zstd;

/* What zstd is told of the data (zp_step.variant). */
enum zp_zstd_variant {
    ZP_ZSTD_ANY = 0,
    ZP_ZSTD_BYTES = 1,        /* elements of one byte, as they are */
    ZP_ZSTD_FLOAT_PLANES = 2, /* bytes of equal significance of floating-point numbers */
    ZP_ZSTD_PLANES = 3,       /* the same of other elements */
    ZP_ZSTD_NUMBERS = 4,      /* numbers of four bytes, as they are */
};

int64_t zp_zstd_bound(const zp_step *step, size_t decoded_nbytes);
int64_t zp_zstd_encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes);
int64_t zp_zstd_decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                       void *dst, size_t dst_nbytes);

/*
 * Compressors of blocks inside a container.  Packing returns the bytes written,
 * 0 when they do not fit dst_nbytes, or a negative zp_status.
 */
int64_t zp_zstd_pack(zp_worker *worker, int level, int variant, const void *src, size_t src_nbytes,
                     void *dst, size_t dst_nbytes);
int zp_zstd_max_level(void);
int64_t zp_lz4_pack(zp_worker *worker, int acceleration, const void *src, size_t src_nbytes,
                    void *dst, size_t dst_nbytes);
int64_t zp_lz4hc_pack(zp_worker *worker, int level, const void *src, size_t src_nbytes, void *dst,
                      size_t dst_nbytes);
int64_t zp_lz4_unpack(const void *src, size_t src_nbytes, void *dst, size_t dst_nbytes);
/* The first dst_nbytes of what would be more, or ZP_ERR_CORRUPT. */
int64_t zp_lz4_unpack_front(const void *src, size_t src_nbytes, void *dst, size_t dst_nbytes);
/*
 * Single bytes of an LZ4 block.  A survey of the block up to dst_nbytes is made first, in so many
 * bytes of memory; it checks lengths, not what matches repeat.  A byte is looked for in at most
 * *steps steps, which become fewer; -1 is the answer when those did not suffice, or when what was
 * met on the way is damaged.
 */
size_t zp_lz4_survey_nbytes(size_t dst_nbytes);
int64_t zp_lz4_survey(const void *src, size_t src_nbytes, void *survey, size_t dst_nbytes);
int zp_lz4_pick(const void *src, size_t src_nbytes, const void *survey, size_t place,
                size_t *steps);

/* The zlib format; window_bits as zlib's: 15 for zlib, 31 for gzip. */
int64_t zp_deflate_pack(zp_worker *worker, int window_bits, int level, const void *src,
                        size_t src_nbytes, void *dst, size_t dst_nbytes);
int64_t zp_deflate_unpack(zp_worker *worker, int window_bits, const void *src, size_t src_nbytes,
                          void *dst, size_t dst_nbytes, size_t *used);

#endif
