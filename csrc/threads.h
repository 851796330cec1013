/* threads.h - a lock, a signal and a thread, of POSIX or of Windows (internal) */
#ifndef ZP_THREADS_H
#define ZP_THREADS_H

#ifdef _WIN32
#include <process.h>
#include <windows.h>

typedef SRWLOCK zp_mutex;
typedef CONDITION_VARIABLE zp_signal;
#define ZP_MUTEX_FREE SRWLOCK_INIT
#define ZP_SIGNAL_IDLE CONDITION_VARIABLE_INIT
#define ZP_THREAD(name) static unsigned __stdcall name(void *context)
#define ZP_THREAD_END 0

static inline void
zp_acquire(zp_mutex *mutex)
{
    AcquireSRWLockExclusive(mutex);
}

static inline void
zp_release(zp_mutex *mutex)
{
    ReleaseSRWLockExclusive(mutex);
}

static inline void
zp_await(zp_signal *signal, zp_mutex *mutex)
{
    SleepConditionVariableSRW(signal, mutex, INFINITE, 0);
}

static inline void
zp_wake(zp_signal *signal)
{
    WakeConditionVariable(signal);
}

static inline void
zp_wake_all(zp_signal *signal)
{
    WakeAllConditionVariable(signal);
}

/* Start a thread that nobody waits for; 0 where the system has none. */
static inline int
zp_start(unsigned(__stdcall *work)(void *), void *context)
{
    uintptr_t thread = _beginthreadex(NULL, 0, work, context, 0, NULL);
    if (thread == 0)
        return 0;
    CloseHandle((HANDLE)thread);
    return 1;
}

static inline void
zp_pause(void)
{
    YieldProcessor();
}

/* There are no forks. */
#define ZP_MIND_FORKS(mutex, settle, begin_anew)                                                   \
    static int mind_forks(void)                                                                    \
    {                                                                                              \
        (void)begin_anew;                                                                          \
        if (0)                                                                                     \
            settle;                                                                                \
        return 1;                                                                                  \
    }

#else
#include <pthread.h>
#include <signal.h>

typedef pthread_mutex_t zp_mutex;
typedef pthread_cond_t zp_signal;
#define ZP_MUTEX_FREE PTHREAD_MUTEX_INITIALIZER
#define ZP_SIGNAL_IDLE PTHREAD_COND_INITIALIZER
#define ZP_THREAD(name) static void *name(void *context)
#define ZP_THREAD_END NULL

static inline void
zp_acquire(zp_mutex *mutex)
{
    pthread_mutex_lock(mutex);
}

static inline void
zp_release(zp_mutex *mutex)
{
    pthread_mutex_unlock(mutex);
}

static inline void
zp_await(zp_signal *signal, zp_mutex *mutex)
{
    pthread_cond_wait(signal, mutex);
}

static inline void
zp_wake(zp_signal *signal)
{
    pthread_cond_signal(signal);
}

static inline void
zp_wake_all(zp_signal *signal)
{
    pthread_cond_broadcast(signal);
}

/* Start a thread that nobody waits for, and that no signal interrupts; 0 where there is none. */
static inline int
zp_start(void *(*work)(void *), void *context)
{
    pthread_t thread;
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(&thread, NULL, work, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status != 0)
        return 0;
    pthread_detach(thread);
    return 1;
}

static inline void
zp_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

/*
 * mind_forks(), called with the mutex, has forked processes begin anew: nobody
 * has it while a process forks, which waits until `settle` is done, and its
 * threads are gone in the child.  0 where that cannot be had.
 */
#define ZP_MIND_FORKS(mutex, settle, begin_anew)                                                   \
    static void before_fork(void)                                                                  \
    {                                                                                              \
        zp_acquire(&(mutex));                                                                      \
        settle;                                                                                    \
    }                                                                                              \
    static void in_parent(void)                                                                    \
    {                                                                                              \
        zp_release(&(mutex));                                                                      \
    }                                                                                              \
    static int mind_forks(void)                                                                    \
    {                                                                                              \
        static int minded;                                                                         \
        if (!minded)                                                                               \
            minded = pthread_atfork(before_fork, in_parent, begin_anew) == 0;                      \
        return minded;                                                                             \
    }
#endif

#endif
