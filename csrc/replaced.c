/* replaced.c - files that were replaced, and are given up by somebody else */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "replaced.h"

#if defined(__linux__)
#include "threads.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* So many may wait: each holds a descriptor, and the room of a file. */
#define MOST 32

/* All of this is for whoever has the lock. */
static zp_mutex lock = ZP_MUTEX_FREE;
static zp_signal left = ZP_SIGNAL_IDLE, closed = ZP_SIGNAL_IDLE;
static int waiting[MOST];
static int nwaiting, nclosing, started;

ZP_THREAD(close_all)
{
    (void)context;
    zp_acquire(&lock);
    for (;;) {
        while (nwaiting == 0)
            zp_await(&left, &lock);
        int fd = waiting[--nwaiting];
        nclosing++;
        zp_release(&lock);
        close(fd);
        zp_acquire(&lock);
        nclosing--;
        zp_wake_all(&closed);
    }
    return ZP_THREAD_END;
}

/* The thread is gone; what waits is closed by the parent, and need not be held here as well. */
static void
in_child(void)
{
    for (int i = 0; i < nwaiting; i++)
        close(waiting[i]);
    lock = (zp_mutex)ZP_MUTEX_FREE;
    left = closed = (zp_signal)ZP_SIGNAL_IDLE;
    nwaiting = nclosing = started = 0;
}

ZP_MIND_FORKS(lock, (void)0, in_child)

/* Start the thread, unless it is there; with the lock. */
static int
start(void)
{
    if (!started)
        started = mind_forks() && zp_start(close_all, NULL);
    return started;
}

int
zp_replaced_hold(const zp_directory *directory, const char *key)
{
    struct stat info;

    if (directory->waits)
        return -1;
    int fd = openat(directory->fd, key, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    /* in a network, a file that is held would get another name instead of going */
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && major(info.st_dev) != 0)
        return fd;
    close(fd);
    return -1;
}

void
zp_replaced_leave(int fd)
{
    int taken = 0, saved = errno;

    if (fd < 0)
        return;
    zp_acquire(&lock);
    if (nwaiting < MOST && start()) {
        waiting[nwaiting++] = fd;
        taken = 1;
    }
    zp_release(&lock);
    if (taken)
        zp_wake(&left);
    else
        close(fd);
    errno = saved;
}

int
zp_replaced_settle(void)
{
    zp_acquire(&lock);
    int any = nwaiting + nclosing > 0;
    while (nwaiting + nclosing > 0)
        zp_await(&closed, &lock);
    zp_release(&lock);
    return any;
}

#else

int
zp_replaced_hold(const zp_directory *directory, const char *key)
{
    (void)directory, (void)key;
    return -1;
}

void
zp_replaced_leave(int fd)
{
    (void)fd;
}

int
zp_replaced_settle(void)
{
    return 0;
}
#endif
