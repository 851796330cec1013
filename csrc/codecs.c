/*
 * codecs.c - the built-in codecs by name, and the versions of what is linked
 */
#include <string.h>

#include "codec.h"
#include "proto_lz4.h"
#include "proto_zstd.h"

#if ZP_HAVE_ZFP
#include "proto_zfp.h"
#endif
#if ZP_HAVE_ZLIBNG
#include "proto_zlibng.h"
#endif

static const zp_codec *const codecs[] = {
    &zp_codec_zstd,
    &zp_codec_lz4,
    &zp_codec_blosc,
#if ZP_HAVE_DEFLATE
    &zp_codec_gzip,
    &zp_codec_zlib,
#endif
#if ZP_HAVE_ZFP
    &zp_codec_zfp,
#endif
    &zp_codec_snappy,
    &zp_codec_base64,
    &zp_codec_crc32c,
    &zp_codec_crc32,
    &zp_codec_adler32,
    &zp_codec_fletcher32,
    &zp_codec_jenkins_lookup3,
    &zp_codec_astype,
    &zp_codec_bitround,
    &zp_codec_byteswap,
    &zp_codec_categorize,
    &zp_codec_delta,
    &zp_codec_fixedscaleoffset,
    &zp_codec_packbits,
    &zp_codec_quantize,
    &zp_codec_shuffle,
    &zp_codec_vlen_utf8,
};

const zp_codec *
zp_codec_find(const char *name)
{
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        if (strcmp(codecs[i]->name, name) == 0)
            return codecs[i];
    return NULL;
}

/* Libraries that do not tell their version at run time: the build says it, where it knows. */
#define TEXT_OF(macro) #macro
#define TEXT(macro) TEXT_OF(macro)
#ifndef ZP_LIBDEFLATE_VERSION
#define ZP_LIBDEFLATE_VERSION 1
#endif
#ifndef ZP_BLOSCLZ_VERSION
#define ZP_BLOSCLZ_VERSION 2
#endif

const char *
zp_library_version(const char *library)
{
    if (strcmp(library, "zstd") == 0)
        return ZSTD_versionString();
    if (strcmp(library, "lz4") == 0)
        return LZ4_versionString();
#if ZP_HAVE_ZLIBNG
    if (strcmp(library, "zlib-ng") == 0)
        return zlibng_version();
#endif
#if ZP_HAVE_LIBDEFLATE
    if (strcmp(library, "libdeflate") == 0)
        return TEXT(ZP_LIBDEFLATE_VERSION);
#endif
#if ZP_HAVE_ZFP
    if (strcmp(library, "zfp") == 0)
        return zfp_version_string + strlen("zfp version ");
#endif
#if ZP_HAVE_BLOSCLZ
    if (strcmp(library, "blosclz") == 0)
        return TEXT(ZP_BLOSCLZ_VERSION);
#endif
    if (strcmp(library, "shuffle") == 0)
        return "zarrpy";
    return NULL;
}
