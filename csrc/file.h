/* file.h - the system calls of the engine, one spelling for all systems (internal) */
#ifndef ZP_FILE_H
#define ZP_FILE_H

#include "zarrpy.h"

typedef struct zp_stat {
    int64_t size;
    uint64_t device;
    uint64_t inode;
    int64_t modified_ns; /* when its bytes changed last, since 1970 */
    int64_t changed_ns;  /* when anything about it did, its name included */
    int is_regular;
    int is_directory;
} zp_stat;

/* All return -1 and set errno on failure, unless they say otherwise. */
int zp_open_read(const zp_directory *directory, const char *key);
int zp_open_lock(const zp_directory *directory, const char *key); /* creates */
int zp_fstat(int fd, zp_stat *info);
int zp_stat_key(const zp_directory *directory, const char *key, int follow, zp_stat *info);
/*
 * 1 and the state of a file that lies on a device of this machine.  0 elsewhere:
 * of files in networks only opening tells the state of now.
 */
int zp_stat_local(const zp_directory *directory, const char *key, zp_stat *info);
int64_t zp_pread(int fd, void *into, int64_t nbytes, int64_t offset);
int64_t zp_write(int fd, const void *data, int64_t nbytes);
/* From where one file is read to where the other is written; may not be known to the system. */
int64_t zp_copy_range(int from, int into, int64_t nbytes);
int zp_truncate(int fd);
int zp_sync(int fd);
int zp_sync_parent(const zp_directory *directory, const char *key);
int zp_sync_folder(const zp_directory *directory, const char *name);
int zp_rename(const zp_directory *directory, const char *from, const char *to);
int zp_remove(const zp_directory *directory, const char *key);
int zp_make_directory(const zp_directory *directory, const char *key);
int zp_try_lock(int fd); /* 1 taken, 0 somebody has it, -1 */
void zp_pause_ms(int milliseconds);
int64_t zp_now_ns(void);   /* monotonic */
int64_t zp_now_ms(void);   /* the same */
int64_t zp_clock_ns(void); /* as the times of files, since 1970 */
int zp_close(int fd);

/* An open file of a key, or -1: then *found is 0, or the error is set. */
int zp_file_open(const zp_directory *directory, const char *key, zp_stat *info, int *found,
                 zp_error *error);
/* Bytes of an open file into the worker's FILE slot; their number or a negative zp_status. */
int64_t zp_file_load(int fd, int64_t offset, int64_t nbytes, zp_worker *worker, const void **data,
                     zp_error *error);
/* The same to where the caller wants them. */
int64_t zp_file_fill(int fd, int64_t offset, int64_t nbytes, void *into, zp_error *error);

/* Open a file to write, made where it is not there, as are directories on the way to it. */
int zp_file_make(const zp_directory *directory, const char *name);
/* Where the file is written; 0 or -1. */
int zp_file_put(int fd, const void *data, int64_t nbytes);

int zp_fail_io(zp_error *error, const char *what);
/* After zp_file_make() of a name in the directory: a link to nothing on the way is told apart. */
int zp_fail_make(const zp_directory *directory, const char *name, zp_error *error);
int zp_fail_file(zp_error *error, int status, const char *what);

#endif
