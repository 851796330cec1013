/*
 * zarrpy.h - the engine: codecs, chains, batches
 *
 * Everything here works on plain memory and files.  Nothing knows Python, JSON
 * or the names of data types, and nothing holds global state but function
 * pointers chosen once by CPU.  Unless a comment says otherwise a function may
 * be called on any thread, takes no ownership, and keeps no pointer after it
 * returns.
 */
#ifndef ZARRPY_H
#define ZARRPY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ZP_MAX_NDIM 64 /* NumPy's limit */
#define ZP_MAX_STEPS 64
#define ZP_MAX_KEY 4096

/* Negative values are errors; zp_strerror() names each. */
enum zp_status {
    ZP_OK = 0,
    ZP_TIME_IS_UP = 1,       /* there is more to do */
    ZP_ERR_CORRUPT = -1,     /* input is not valid for this codec */
    ZP_ERR_SIZE = -2,        /* input decodes to another number of bytes */
    ZP_ERR_CHECKSUM = -3,    /* bytes were read, but their checksum is wrong */
    ZP_ERR_MEMORY = -4,      /* allocation failed */
    ZP_ERR_ARGUMENT = -5,    /* a parameter is out of its range */
    ZP_ERR_UNSUPPORTED = -6, /* valid, but not something we can do */
    ZP_ERR_TOO_LARGE = -7,   /* over a limit of the codec's format */
    ZP_ERR_IO = -8,          /* a system call failed; errno is recorded */
    ZP_ERR_NOT_FILE = -9,    /* a key names something that is no regular file */
    ZP_ERR_DANGLING = -10,   /* a key names a link to nothing */
    ZP_ERR_CANCELLED = -11,  /* the batch was told to stop */
    ZP_ERR_LOCK_TIMEOUT = -12,
    ZP_ERR_ENCODE = -13, /* the value cannot be encoded */
    ZP_ERR_STALE = -14,  /* the array is not the one that the batch was made for */
    /* A stream of elements of any length is not one; `actual` of zp_error says more. */
    ZP_ERR_VLEN_COUNT = -15, /* it has that many elements, or is too short to tell: -1 */
    ZP_ERR_VLEN_SHORT = -16, /* it ends within that element */
    ZP_ERR_VLEN_LONG = -17,  /* that many bytes are left behind the last element */
    ZP_ERR_VLEN_UTF8 = -18,  /* that element is not UTF-8 */
    ZP_ERR_LIMIT = -19, /* elements of any length are more bytes than `limit` of the chain allows */
};

/* Static text for a status; never NULL. */
const char *zp_strerror(int status);

/* malloc and free of the engine; a test can make the nth allocation fail. */
void *zp_malloc(size_t nbytes);
void zp_free(void *memory);
void zp_fail_allocation(int64_t nth); /* 0: never; for tests, not thread-safe */

/* ------------------------------------------------------------- workers ---- */

/*
 * What one thread needs: scratch memory that grows and is kept, and codec
 * contexts made on first use.  Owned by one thread at a time.
 */
typedef struct zp_worker zp_worker;

enum zp_slot {
    ZP_SLOT_FILE, /* bytes as stored */
    ZP_SLOT_PING, /* between the steps of a chain */
    ZP_SLOT_PONG,
    ZP_SLOT_CHUNK,  /* one decoded chunk */
    ZP_SLOT_BLOCK,  /* inside a codec: one block */
    ZP_SLOT_SPLIT,  /* inside a codec: a second one */
    ZP_SLOT_SHARD,  /* a shard being put together */
    ZP_SLOT_INDEX,  /* the index of a shard */
    ZP_SLOT_PLACES, /* where chunks lie in a shard */
    ZP_SLOT_INSIDE, /* points, cut by the grid inside a shard */
    ZP_SLOT_POINTS, /* where points lie, in bytes */
    ZP_NSLOTS
};

zp_worker *zp_worker_new(void); /* NULL when out of memory */
void zp_worker_free(zp_worker *worker);

/* At least nbytes (never NULL for 0), 64-byte aligned, contents undefined; NULL when out of memory. */
void *zp_worker_scratch(zp_worker *worker, enum zp_slot slot, size_t nbytes);

size_t zp_worker_nbytes(const zp_worker *worker); /* of its scratch memory */

/* Give scratch memory back when it is more than this; pointers into it end. */
void zp_worker_trim(zp_worker *worker, size_t keep_nbytes);

/* Say more about the error about to be returned; `detail` must be static text. */
void zp_worker_explain(zp_worker *worker, const char *detail);
const char *zp_worker_detail(const zp_worker *worker); /* NULL when there is none */

/* What a checksum or a count should have been, and was; -1 where a library does not tell. */
void zp_worker_numbers(const zp_worker *worker, int64_t *expected, int64_t *actual);

/* -------------------------------------------------------------- codecs ---- */

typedef struct zp_step zp_step;

/*
 * Turn `src` into `dst`.  Returns the number of bytes written, or a negative
 * zp_status.  Never writes past dst_nbytes, never reads past src_nbytes, and
 * keeps no pointer after it returns.  `src` and `dst` do not overlap.
 * A decoder fails with ZP_ERR_SIZE when the output would exceed dst_nbytes,
 * and must consume its whole input (trailing bytes are an error).  What a codec
 * of ZP_ANY_LENGTH decodes refers to `src`, which stays until that is placed.
 */
typedef int64_t (*zp_step_fn)(const zp_step *step, zp_worker *worker, const void *src,
                              size_t src_nbytes, void *dst, size_t dst_nbytes);

/*
 * The most bytes that encoding `decoded_nbytes` can give, or a negative zp_status; with
 * ZP_ANY_LENGTH what is usual.
 */
typedef int64_t (*zp_bound_fn)(const zp_step *step, size_t decoded_nbytes);

/*
 * Check `src` and find the decoded bytes inside it, without copying: returns
 * their number and sets *offset, or a negative zp_status.
 */
typedef int64_t (*zp_view_fn)(const zp_step *step, zp_worker *worker, const void *src,
                              size_t src_nbytes, size_t *offset);

/*
 * Encode in place: `buffer` holds nbytes of data and has room for
 * bound(nbytes).  Returns the new size or a negative zp_status.
 */
typedef int64_t (*zp_append_fn)(const zp_step *step, zp_worker *worker, void *buffer,
                                size_t nbytes);

/* Takes nbytes of a decoded chunk, which begin at its byte `start`. */
typedef void (*zp_sink_fn)(void *context, size_t start, const void *bytes, size_t nbytes);

/* Bring stored bytes [from, to) to memory; of (0, SIZE_MAX) those that a part may need. */
typedef int (*zp_need_fn)(void *source, size_t from, size_t to);

/* The part of a decoded chunk that is wanted, and who takes it. */
typedef struct zp_part {
    size_t start;
    size_t nbytes;
    zp_sink_fn sink;
    void *context;
    size_t loaded; /* of the stored bytes no more than these are in memory; 0: all are */
    size_t every;  /* of so many bytes, from the start on, only the first are wanted; 0: all are */
    size_t wanted; /* those; the others of what is handed over may be anything */
    zp_need_fn need; /* asked before bytes behind the head are looked at; or NULL: they are there */
    void *source;
} zp_part;

/*
 * Decode a part of what `src` holds, and hand it over piece by piece, from front
 * to back.  decoded_nbytes is the whole decoded size; returns a zp_status.
 */
typedef int64_t (*zp_part_fn)(const zp_step *step, zp_worker *worker, const void *src,
                              size_t src_nbytes, size_t decoded_nbytes, const zp_part *part);

/*
 * Tell from the first bytes of what is stored, of src_nbytes in all, which of
 * them a part is made of: those of the head and [*from, *to).  A zp_status.
 */
typedef int64_t (*zp_range_fn)(zp_worker *worker, const void *head, size_t head_nbytes,
                               size_t src_nbytes, const zp_part *part, size_t *from, size_t *to);

enum zp_codec_flags {
    ZP_EXACT = 1,      /* bound() is the encoded size, not only a limit */
    ZP_ANY_LENGTH = 2, /* what is stored has any size, whatever that of the chunk */
};

typedef struct zp_codec {
    const char *name; /* as in zarr.json; used in error messages */
    zp_step_fn encode;
    zp_step_fn decode;
    zp_bound_fn bound;
    zp_view_fn view;     /* or NULL */
    zp_append_fn append; /* or NULL */
    zp_part_fn part;     /* or NULL */
    zp_range_fn range;   /* or NULL; for codecs that have parts */
    uint32_t flags;
} zp_codec;

enum zp_shuffle { ZP_NOSHUFFLE = 0, ZP_BYTESHUFFLE = 1, ZP_BITSHUFFLE = 2 };

/* Compressors inside a Blosc container. */
enum zp_compressor {
    ZP_BLOSCLZ = 0,
    ZP_LZ4 = 1,
    ZP_LZ4HC = 2,
    ZP_SNAPPY = 3,
    ZP_ZLIB = 4,
    ZP_ZSTD = 5,
};

/* Kinds of numbers: two of them are the `variant` of filters that change one into another. */
enum zp_number {
    ZP_INT8 = 0,
    ZP_INT16 = 1,
    ZP_INT32 = 2,
    ZP_INT64 = 3,
    ZP_UINT8 = 4,
    ZP_UINT16 = 5,
    ZP_UINT32 = 6,
    ZP_UINT64 = 7,
    ZP_FLOAT32 = 8,
    ZP_FLOAT64 = 9,
    ZP_NNUMBERS = 10, /* all that is computed with; the others are only converted */
    ZP_FLOAT16 = 10,
    ZP_BOOL = 11,
    ZP_NKINDS = 12,
};

/* One codec with its parameters.  Unused fields are 0. */
struct zp_step {
    const zp_codec *codec;
    int32_t level;
    uint32_t itemsize;  /* bytes per element: shuffle, delta, blosc's typesize */
    int32_t shuffle;    /* enum zp_shuffle */
    int32_t compressor; /* enum zp_compressor */
    int32_t checksum;   /* zstd: frames carry one */
    int32_t at_start;   /* checksum codecs: stored before the data */
    int32_t split; /* blosc: split zstd blocks where that pays; 0 = bytes as c-blosc writes them */
    int32_t variant;   /* what kind of element: zstd, filters, codecs written elsewhere */
    int64_t blocksize; /* blosc: 0 = automatic */
    const void *aux;   /* more parameters, as the codec wants them; owned by the step's maker */
};

/*
 * The built-in codec of that name, or NULL: "zstd", "lz4" (4-byte size header),
 * "blosc", "gzip", "zlib", "snappy"; "zfp"; "base64"; the checksums "crc32c",
 * "crc32", "adler32", "fletcher32", "jenkins_lookup3"; the filters "astype",
 * "bitround", "byteswap", "categorize", "delta", "fixedscaleoffset", "packbits",
 * "quantize", "shuffle"; "vlen-utf8", which only decodes (texts.h).
 */
const zp_codec *zp_codec_find(const char *name);

/* "zstd", "lz4", "zlib-ng", "libdeflate", "zfp", "blosclz", "shuffle" -> version text, or NULL if not linked. */
const char *zp_library_version(const char *library);

/* --------------------------------------------------------------- chains ---- */

/*
 * Codecs in the order of encoding, between an array in memory and stored bytes.
 * A chunk in memory has axes 0..ndim-1; the chain's first step sees the axes in
 * the order `order` (stored axis i is axis order[i]) and, if `swap`, elements
 * of reversed byte order.  Both cost nothing: they happen while copying.
 */
typedef struct zp_chain {
    const zp_step *steps;
    int32_t nsteps;
    int32_t ndim;
    uint32_t itemsize;
    int32_t swap; /* bytes reversed together: 0 none, else 2, 4, 8 (complex: half the item) */
    uint8_t order[ZP_MAX_NDIM];
    int64_t limit; /* the most bytes between two steps of decoding; 0: as many as we would write */
} zp_chain;

/* What went wrong, where. */
typedef struct zp_error {
    int32_t status;   /* enum zp_status */
    int32_t step;     /* index into the chain, or -1 */
    int64_t task;     /* index into the plan, or -1 */
    int64_t expected; /* sizes or checksums where they tell something, else -1 */
    int64_t actual;
    int32_t os_error, padding; /* errno for ZP_ERR_IO */
    const char *detail;        /* static text or NULL */
    int64_t position;          /* of a chunk in the index of its shard, or -1 */
    int64_t offset;            /* of its bytes in the shard, or -1 */
} zp_error;

#define ZP_STEP_SHARD -2 /* zp_error.step of errors of a shard itself, not of a chunk in it */

int zp_is_any_length(const zp_chain *chain); /* whether elements of a chunk have any length */

/* Decode exactly dst_nbytes.  Uses the slots PING, PONG, BLOCK, SPLIT. */
int zp_chain_decode(const zp_chain *chain, zp_worker *worker, const void *src, size_t src_nbytes,
                    void *dst, size_t dst_nbytes, zp_error *error);

int zp_chain_has_parts(const zp_chain *chain); /* decoded without the rest of a chunk */

/* A part of a chunk of nbytes; for chains that have parts. */
int zp_chain_decode_part(const zp_chain *chain, zp_worker *worker, const void *src,
                         size_t src_nbytes, size_t nbytes, const zp_part *part, zp_error *error);

/*
 * Encode; *encoded points into the worker's scratch (or at src when there is no
 * step) until its next use.  Returns the size or a negative zp_status.
 */
int64_t zp_chain_encode(const zp_chain *chain, zp_worker *worker, const void *src,
                        size_t src_nbytes, const void **encoded, zp_error *error);

/* -------------------------------------------------------------- kernels ---- */

/* Comma-separated SIMD features in use, such as "avx2,sse4.2,pclmul"; "none" when switched off. */
const char *zp_cpu_features(void);

void zp_shuffle(const void *src, void *dst, size_t nbytes, size_t itemsize);
void zp_unshuffle(const void *src, void *dst, size_t nbytes, size_t itemsize);

/* Blosc1's bit transposition of nelems (a multiple of 8) elements; `temp` holds as many bytes. */
int zp_bitshuffle(const void *src, void *dst, size_t nelems, size_t itemsize, void *temp);
int zp_bitunshuffle(const void *src, void *dst, size_t nelems, size_t itemsize, void *temp);

uint32_t zp_crc32c(uint32_t crc, const void *data, size_t nbytes);

/* Reverse each group of `size` (2, 4, 8) bytes; dst may be src. */
void zp_byteswap(const void *src, void *dst, size_t nbytes, size_t size);

/*
 * Copy an N-dimensional block of elements; strides in bytes, any sign.  `swap`
 * as in zp_chain.  An absent source axis (broadcast) has stride 0.
 */
void zp_copy(int ndim, const int64_t *shape, const char *src, const int64_t *src_strides, char *dst,
             const int64_t *dst_strides, uint32_t itemsize, uint32_t swap);

/* The same past the cache, for a destination that is not read again soon. */
void zp_copy_streamed(int ndim, const int64_t *shape, const char *src, const int64_t *src_strides,
                      char *dst, const int64_t *dst_strides, uint32_t itemsize, uint32_t swap);

/* The selected elements of a chunk, neighbours on each axis, and where they go. */
typedef struct zp_window {
    int ndim;
    uint32_t itemsize;
    char *dst;                    /* of the first selected element; rows are contiguous */
    int64_t extent[ZP_MAX_NDIM];  /* of the chunk, which lies in C order */
    int64_t start[ZP_MAX_NDIM];   /* first selected element */
    int64_t count[ZP_MAX_NDIM];   /* selected elements */
    int64_t strides[ZP_MAX_NDIM]; /* of dst, in bytes */
    int stream;                   /* past the cache */
} zp_window;

/* Make one axis of those that are one run of memory on both sides: longer rows. */
void zp_window_merge(zp_window *window);

/* Copy what a window selects out of the bytes of a chunk from `start` on. */
void zp_scatter(const zp_window *window, size_t start, const void *bytes, size_t nbytes);

/* Write one element everywhere in a block. */
void zp_fill(int ndim, const int64_t *shape, char *dst, const int64_t *dst_strides,
             const void *element, uint32_t itemsize);

/* Whether a contiguous buffer is one element repeated, bit for bit. */
int zp_is_filled(const void *data, size_t nbytes, const void *element, uint32_t itemsize);

/* ---------------------------------------------------------------- files ---- */

/* A directory below which keys are files. */
typedef struct zp_directory {
    int fd;           /* open directory; -1 where there is none (Windows) */
    const char *path; /* the same directory by name */
    int waits;        /* whoever replaces a file there waits until its blocks are free */
} zp_directory;

/*
 * Read a key whole (length -1) or in part into the worker's FILE slot.
 * Returns the number of bytes, -1 in *found when the key does not exist.
 * Only the absence of the last component counts as absent: everything else,
 * links to nothing included, is an error.
 */
int64_t zp_file_read(const zp_directory *directory, const char *key, int64_t offset, int64_t length,
                     zp_worker *worker, const void **data, int *found, zp_error *error);

/* Whether nothing at all stands at a key; 0 also when that cannot be told, as behind a link to
 * nothing. */
int zp_file_is_absent(const zp_directory *directory, const char *key);

/* -------------------------------------------------------------- batches ---- */

/*
 * A selection meets a chunk grid axis by axis: on each axis it touches a row of
 * pieces, and the chunks of the selection are the product of the rows.  Task i
 * is found by mixed radix, last axis fastest.  A piece is computed when it is
 * asked for, from the stretch of equal chunks that it lies in: a plan over 10^8
 * chunks is as small as one over ten.
 */
typedef struct zp_piece {
    int64_t chunk;  /* grid index on this axis */
    int64_t extent; /* elements of the stored chunk */
    int64_t inside; /* of these, how many lie inside the array */
    int64_t start;  /* first selected element, within the chunk */
    int64_t count;  /* selected elements */
    int64_t out;    /* where the first lands in the result */
    int64_t covers; /* whether these are all that lie inside the array */
} zp_piece;

/* A stretch of an axis whose chunks have one extent, and the elements selected in it. */
typedef struct zp_stretch {
    int64_t origin; /* where it begins on the axis */
    int64_t extent; /* elements of each of its chunks */
    int64_t chunk;  /* grid index of its first chunk */
    int64_t start;  /* first selected element, from the origin */
    int64_t count;  /* selected elements, at least 1 */
    int64_t out;    /* where the first lands in the result */
    int64_t piece;  /* how many pieces lie before it */
} zp_stretch;

/* An axis of a group of axes on which elements are named one by one; see points.h. */
typedef struct zp_points {
    const zp_piece *pieces;
    const int64_t *positions; /* of each point on this axis, within its chunk */
    const int64_t *places;    /* of each point in the block; NULL but of the leader */
    int32_t leader;
} zp_points;

typedef struct zp_axis {
    const zp_stretch *stretches; /* where something is selected, in order */
    int64_t nstretches;
    int64_t npieces;
    int64_t length;          /* of the array, in elements */
    int64_t step;            /* between selected elements, at least 1 */
    const zp_points *points; /* selected point by point, not by stretches; or NULL */
} zp_axis;

/* How many chunks hold the selected elements of a stretch. */
int64_t zp_stretch_npieces(const zp_stretch *stretch, int64_t step);

/* An axis whose chunks all have one extent; the stretch is filled in and stays the caller's. */
zp_axis zp_axis_regular(zp_stretch *stretch, int64_t extent, int64_t length, int64_t start,
                        int64_t count, int64_t step);

/* How grid indexes become keys: PREFIX 0 SEPARATOR 1 ... SUFFIX, or `zero` without axes. */
typedef struct zp_keys {
    const char *prefix;
    const char *zero;
    char separator;
    const char *suffix; /* or NULL */
} zp_keys;

/* Stored bytes in hand: data NULL means that the key does not exist. */
typedef struct zp_bytes {
    const void *data;
    int64_t nbytes;
} zp_bytes;

/* A part of a value that is in hand. */
typedef struct zp_segment {
    int64_t offset;
    const void *data;
    int64_t nbytes;
} zp_segment;

/* What is in hand of a shard: its index, as zp_bytes, and these; nsegments -1: all of it. */
typedef struct zp_parts {
    const zp_segment *segments;
    int64_t nsegments;
} zp_parts;

/*
 * How chunks lie in a shard (the codec sharding_indexed).  A task is then a
 * shard, and the chain that of a chunk inside.  The index has two 64-bit
 * numbers for each chunk, offset and size, all bits set where it is absent.
 */
typedef struct zp_shard {
    int64_t chunk[ZP_MAX_NDIM];  /* shape of the chunks inside, in the axes of the array */
    int64_t weight[ZP_MAX_NDIM]; /* what one chunk more on an axis adds to the index position */
    int64_t nchunks;
    int64_t index_nbytes; /* as stored */
    int32_t index_at_start;
    zp_chain index;          /* of the index, all steps of exact size */
    const int64_t *sequence; /* positions in the order of writing, or NULL: ascending */
} zp_shard;

enum zp_batch_kind { ZP_READ = 0, ZP_WRITE = 1 };

enum zp_outcome {
    ZP_PENDING = 0,
    ZP_DONE = 1,    /* read, or encoded and (to files) written */
    ZP_ABSENT = 2,  /* read: the key does not exist, the fill value was used */
    ZP_DELETED = 3, /* write: nothing but the fill value, so the key goes */
};

/*
 * Chunks to read into, or write from, one block of memory.  Any number of threads, with a worker
 * each, may call zp_batch_run(): their tasks come from one cursor.  `outcome`: of [first, last).
 */
typedef struct zp_batch {
    int32_t kind, ndim;
    const zp_axis *axes;
    int64_t first, last; /* the window of tasks */
    int64_t nlanes;      /* stretches of it that are worked on in turn; 0 is one */
    zp_chain chain;
    char *block; /* the element of the selection's origin; written on read, read on write */
    const int64_t *strides;
    const void *fill, *stored_fill; /* one element as in memory, and in stored chunks' byte order */
    const void *pad;                /* stored beyond the array; NULL: the fill value */
    int32_t keep_empty;             /* write chunks that hold only the fill value */
    int32_t whole_chunks;           /* decode them whole also where a part would do */
    int32_t stream;                 /* the block is larger than the cache: read past it */
    int32_t leave_absent;           /* read: leave their places in the block as they are */
    int32_t only_stored;            /* write no part of a chunk that is not stored */
    int32_t durability;             /* enum zp_durability (lock.h) */
    int64_t lock_timeout_ms;
    zp_keys keys;
    const struct zp_texts *texts;  /* read: who makes the elements, which are texts (texts.h) */
    const zp_shard *shard;         /* or NULL: chunks are stored one by one */
    const zp_directory *directory; /* files, or NULL: bytes in hand */
    struct zp_cache *cache;        /* of decoded chunks of files, when reading; or NULL (cache.h) */
    struct zp_watch *watch;        /* asked before a file is written; or NULL (watch.h) */
    uint64_t chain_number;         /* no other chain has it; for the cache */
    const zp_bytes *stored;        /* bytes in hand, indexed from `first` */
    const zp_parts *parts;         /* of shards, indexed from `first`; may be NULL */
    zp_bytes *encoded; /* write without files: results, owned by the caller, freed by zp_free */
    uint8_t *outcome;  /* enum zp_outcome, indexed from `first`; may be NULL when reading */
    struct zp_tally *tally; /* what all workers did is added up there (tally.h); or NULL */
    volatile int64_t cursor, nabsent, nbytes_stored; /* the last: bytes read or written */
    volatile int32_t cancel, failed;                 /* the latter is set by the first error */
    zp_error error;
} zp_batch;

/* Number of tasks of the product of the axes, or a negative zp_status when it overflows. */
int64_t zp_ntasks(int ndim, const zp_axis *axes);
/* Key of a grid index into `key` of ZP_MAX_KEY bytes; its length or a negative zp_status. */
int zp_key_format(const zp_keys *keys, int ndim, const int64_t *grid_index, char *key);

/* Piece i of an axis. */
zp_piece zp_axis_piece(const zp_axis *axis, int64_t i);
/* Grid index and pieces of task i, one an axis. */
void zp_task_pieces(int ndim, const zp_axis *axes, int64_t task, zp_piece *pieces);

/* Where a chunk lies in its shard. */
typedef struct zp_place {
    int64_t offset;
    int64_t nbytes;
    int64_t task; /* of the chunks of the shard that a task takes */
} zp_place;

/*
 * Where the chunks lie that a task reads of its shard, by ascending offset,
 * given the stored index.  *places is the worker's until its next use; returns
 * their number or a negative zp_status.
 */
int64_t zp_shard_places(const zp_batch *batch, zp_worker *worker, int64_t task, const void *index,
                        size_t index_nbytes, const zp_place **places, zp_error *error);

/* Work until the window is empty, an error occurred or `cancel` is set. */
int zp_batch_run(zp_batch *batch, zp_worker *worker);
/* The same for a time, negative is for ever; ZP_TIME_IS_UP where it begins no other task. */
int zp_batch_run_for(zp_batch *batch, zp_worker *worker, int64_t ms);

#ifdef __cplusplus
}
#endif
#endif
