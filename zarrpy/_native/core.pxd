# The engine's C interface; declarations only, nothing here has a body.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t


cdef extern from "cache.h" nogil:
    ctypedef struct zp_cache:
        pass

    ctypedef struct zp_cache_stats:
        int64_t limit
        int64_t nbytes
        int64_t nentries
        int64_t nhits
        int64_t nmisses
        int64_t nevicted

    zp_cache *zp_cache_new()
    void zp_cache_limit(zp_cache *cache, int64_t limit, int64_t settle_ns)
    void zp_cache_clear(zp_cache *cache)
    zp_cache_stats zp_cache_look(zp_cache *cache)
    void zp_cache_after_fork(zp_cache *cache)


cdef extern from "checksums.h" nogil:
    uint32_t zp_crc32(uint32_t crc, const void *data, size_t nbytes)


cdef extern from "lock.h" nogil:
    enum:
        ZP_DURABLE_LATER

    ctypedef struct zp_lock:
        int fd
        int64_t waited_ns

    int zp_lock_take(const zp_directory *directory, const char *key, int64_t timeout_ms,
                     int32_t *cancel, zp_lock *lock, zp_error *error)
    int zp_lock_commit(const zp_directory *directory, const char *key, zp_lock *lock,
                       const void *data, size_t nbytes, int durability, zp_error *error)
    int zp_lock_delete(const zp_directory *directory, const char *key, zp_lock *lock,
                       int durability, zp_error *error)
    void zp_lock_drop(const zp_directory *directory, zp_lock *lock)


cdef extern from "file.h" nogil:
    ctypedef struct zp_stat:
        int64_t size
        uint64_t device
        uint64_t inode
        int64_t modified_ns
        int64_t changed_ns

    int zp_fstat(int fd, zp_stat *info)
    int64_t zp_pread(int fd, void *into, int64_t nbytes, int64_t offset)
    int zp_close(int fd)
    int64_t zp_clock_ns()


cdef extern from "watch.h" nogil:
    ctypedef struct zp_watch:
        const char *document
        const char *marker
        int (*confirm)(void *context) noexcept
        void *context
        int32_t asked

    void zp_watch_add(zp_watch *watch, const zp_stat *state)


cdef extern from "tally.h" nogil:
    enum zp_sum:
        ZP_NSUMS

    ctypedef struct zp_tally:
        int64_t sums[17]

    void zp_tally_share(zp_tally *shared, zp_sum sum, int64_t n)


cdef extern from "texts.h" nogil:
    ctypedef struct zp_text:
        size_t nbytes
        const char *bytes

    ctypedef struct zp_texts:
        void *owner
        void *(*open)(void *owner) noexcept nogil
        int (*put)(void *opened, char *place, const zp_text *text) noexcept nogil
        void (*close)(void *opened) noexcept nogil


cdef extern from "zarrpy.h" nogil:
    enum:
        ZP_MAX_NDIM
        ZP_MAX_STEPS
        ZP_MAX_KEY

    enum:
        ZP_OK
        ZP_ERR_SIZE
        ZP_ERR_LOCK_TIMEOUT
        ZP_ERR_MEMORY
        ZP_ERR_STALE

    enum:
        ZP_STEP_SHARD

    enum:
        ZP_EXACT

    enum:
        ZP_READ
        ZP_WRITE

    enum:
        ZP_PENDING
        ZP_DONE
        ZP_ABSENT
        ZP_DELETED

    const char *zp_strerror(int status)
    void *zp_malloc(size_t nbytes)
    void zp_free(void *memory)

    ctypedef struct zp_worker:
        pass

    enum zp_slot:
        ZP_SLOT_PING

    zp_worker *zp_worker_new()
    void zp_worker_free(zp_worker *worker)
    void *zp_worker_scratch(zp_worker *worker, zp_slot slot, size_t nbytes)
    void zp_worker_explain(zp_worker *worker, const char *detail)
    const char *zp_worker_detail(const zp_worker *worker)
    void zp_worker_numbers(const zp_worker *worker, int64_t *expected, int64_t *actual)

    ctypedef int64_t (*zp_step_fn)(const zp_step *step, zp_worker *worker, const void *src,
                                   size_t src_nbytes, void *dst, size_t dst_nbytes) noexcept
    ctypedef int64_t (*zp_bound_fn)(const zp_step *step, size_t decoded_nbytes) noexcept

    ctypedef struct zp_codec:
        const char *name
        zp_step_fn encode
        zp_step_fn decode
        zp_bound_fn bound
        uint32_t flags

    ctypedef struct zp_step:
        const zp_codec *codec
        int32_t level
        uint32_t itemsize
        int32_t shuffle
        int32_t compressor
        int32_t checksum
        int32_t at_start
        int32_t split
        int32_t variant
        int64_t blocksize
        const void *aux

    const zp_codec *zp_codec_find(const char *name)
    const char *zp_library_version(const char *library)
    const char *zp_cpu_features()

    ctypedef struct zp_chain:
        const zp_step *steps
        int32_t nsteps
        int32_t ndim
        uint32_t itemsize
        int32_t swap
        uint8_t order[64]
        int64_t limit

    int zp_chain_has_parts(const zp_chain *chain)

    ctypedef struct zp_error:
        int32_t status
        int32_t step
        int64_t task
        int64_t expected
        int64_t actual
        int32_t os_error
        const char *detail
        int64_t position
        int64_t offset

    ctypedef struct zp_directory:
        int fd
        const char *path
        int waits

    int zp_file_open(const zp_directory *directory, const char *key, zp_stat *info, int *found,
                     zp_error *error)
    int64_t zp_file_read(const zp_directory *directory, const char *key, int64_t offset,
                         int64_t length, zp_worker *worker, const void **data, int *found,
                         zp_error *error)
    int zp_file_is_absent(const zp_directory *directory, const char *key)

    ctypedef struct zp_piece:
        int64_t chunk
        int64_t extent
        int64_t inside
        int64_t start
        int64_t count
        int64_t out
        int64_t covers

    ctypedef struct zp_points:
        const zp_piece *pieces
        const int64_t *positions
        const int64_t *places
        int32_t leader

    ctypedef struct zp_stretch:
        int64_t origin
        int64_t extent
        int64_t chunk
        int64_t start
        int64_t count
        int64_t out
        int64_t piece

    ctypedef struct zp_axis:
        const zp_stretch *stretches
        int64_t nstretches
        int64_t npieces
        int64_t length
        int64_t step
        const zp_points *points

    ctypedef struct zp_keys:
        const char *prefix
        const char *zero
        char separator
        const char *suffix

    ctypedef struct zp_bytes:
        const void *data
        int64_t nbytes

    ctypedef struct zp_segment:
        int64_t offset
        const void *data
        int64_t nbytes

    ctypedef struct zp_parts:
        const zp_segment *segments
        int64_t nsegments

    ctypedef struct zp_shard:
        int64_t chunk[64]
        int64_t weight[64]
        int64_t nchunks
        int64_t index_nbytes
        int32_t index_at_start
        zp_chain index
        const int64_t *sequence

    ctypedef struct zp_place:
        int64_t offset
        int64_t nbytes
        int64_t task

    ctypedef struct zp_batch:
        int32_t kind
        int32_t ndim
        const zp_axis *axes
        int64_t first
        int64_t last
        int64_t nlanes
        zp_chain chain
        char *block
        const int64_t *strides
        const void *fill
        const void *stored_fill
        const void *pad
        int32_t keep_empty
        int32_t whole_chunks
        int32_t stream
        int32_t leave_absent
        int32_t only_stored
        int32_t durability
        int64_t lock_timeout_ms
        zp_keys keys
        const zp_texts *texts
        const zp_shard *shard
        const zp_directory *directory
        zp_cache *cache
        zp_watch *watch
        uint64_t chain_number
        const zp_bytes *stored
        const zp_parts *parts
        zp_bytes *encoded
        uint8_t *outcome
        zp_tally *tally
        int64_t cursor
        int64_t nabsent
        int64_t nbytes_stored
        int32_t cancel
        int32_t failed
        zp_error error

    int64_t zp_stretch_npieces(const zp_stretch *stretch, int64_t step)
    zp_axis zp_axis_regular(zp_stretch *stretch, int64_t extent, int64_t length, int64_t start,
                            int64_t count, int64_t step)
    int64_t zp_ntasks(int ndim, const zp_axis *axes)
    int64_t zp_shard_places(const zp_batch *batch, zp_worker *worker, int64_t task,
                            const void *index, size_t index_nbytes, const zp_place **places,
                            zp_error *error)
    int zp_key_format(const zp_keys *keys, int ndim, const int64_t *grid_index, char *key)
    zp_piece zp_axis_piece(const zp_axis *axis, int64_t i)
    void zp_task_pieces(int ndim, const zp_axis *axes, int64_t task, zp_piece *pieces)
    int zp_batch_run(zp_batch *batch, zp_worker *worker)
    int zp_batch_run_for(zp_batch *batch, zp_worker *worker, int64_t ms)

cdef extern from "blocks.h" nogil:
    ctypedef struct zp_block:
        int ndim
        const int64_t *shape
        const int64_t *src_strides
        const int64_t *dst_strides
        const char *src
        char *dst
        uint32_t itemsize
        int axis

    ctypedef struct zp_slab:
        const zp_block *block
        int64_t first
        int64_t end

    ctypedef struct zp_slabs:
        const zp_slab *slabs
        int64_t n
        int64_t next

    int zp_slabs_run_for(zp_slabs *slabs, int64_t ms)
    void zp_slabs_run(void *slabs, zp_worker *worker)
    void zp_slabs_stop(zp_slabs *slabs)


cdef extern from "crew.h" nogil:
    ctypedef struct zp_call:
        pass

    ctypedef void zp_work(void *job, zp_worker *worker)

    void zp_call_to(zp_call *call, zp_work *work, void *job, int n)
    void zp_call_helpers(zp_call *call, zp_batch *batch, int n)
    void zp_dismiss_helpers(zp_call *call)

    enum:
        ZP_TIME_IS_UP


cdef extern from "file.h" nogil:
    int zp_stat_key(const zp_directory *directory, const char *key, int follow, zp_stat *info)
    int64_t zp_now_ms()
    int64_t zp_file_fill(int fd, int64_t offset, int64_t nbytes, void *into, zp_error *error)
    int zp_stat_local(const zp_directory *directory, const char *key, zp_stat *info)
    int zp_sync_folder(const zp_directory *directory, const char *name)
