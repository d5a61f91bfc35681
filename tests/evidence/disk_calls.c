/* Preloaded into a process that writes a ledger: writes down what the process asks of the disk, and
 * ends it, or fails a call, where it is told to.
 *
 * Only files under the watched folder count. A write is recorded before it is made, since its bytes
 * may reach the disk at once, and a synchronisation when it begins and again when it is over, since
 * only then may anybody rest on it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPENED = 1, WRITTEN, TRUNCATED, SYNC_BEGUN, SYNCED, UNLINKED, MARKED };
enum { READS = 1, WRITES = 2, SYNCS = 4, TRUNCATES = 8, OPENS = 16, UNLINKS = 32, MAPS = 64, LOCKS = 128 };
enum { KILL_BEFORE = 1, KILL_HALFWAY, KILL_AFTER, FAIL_ONCE, FAIL_FROM_THEN_ON };

#define NAMES 64
#define NAME_BYTES 256
#define DESCRIPTORS 1024

static char names[NAMES][NAME_BYTES];
static int names_known;
static unsigned char name_of[DESCRIPTORS]; /* one more than the number of its name; 0: not watched */
static char watched[NAME_BYTES];
static size_t watched_bytes;
static int record_to = -1;
static int lying; /* say that all was synchronised, and do nothing */
static int counted_kinds, strike_how, strike_errno;
static long strike_at, calls;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name)                     \
    static __typeof__(&name) real;     \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

void disk_calls_watch(const char *folder, int descriptor) {
    strncpy(watched, folder, NAME_BYTES - 1);
    watched_bytes = strlen(watched);
    record_to = descriptor;
}

void disk_calls_strike(int kinds, long at, int how, int error) {
    counted_kinds = kinds;
    strike_at = at;
    strike_how = how;
    strike_errno = error;
    __atomic_store_n(&calls, 0, __ATOMIC_SEQ_CST);
}

void disk_calls_lie(int whether) { lying = whether; }

long disk_calls_counted(void) { return __atomic_load_n(&calls, __ATOMIC_SEQ_CST); }

static void put(uint32_t what, uint32_t name, uint64_t offset, const void *bytes, uint64_t length) {
    if (record_to < 0) return;
    struct { uint32_t what, name; uint64_t offset, length; } head = {what, name, offset, length};
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)bytes, bytes ? length : 0}};
    pthread_mutex_lock(&turn);
    syscall(SYS_writev, record_to, parts, 2);
    pthread_mutex_unlock(&turn);
}

void disk_calls_mark(const char *text, size_t length) { put(MARKED, 0, 0, text, length); }

static int is_watched(const char *path) {
    return watched_bytes && path && !strncmp(path, watched, watched_bytes);
}

static int watched_name(int descriptor) {
    if (descriptor < 0 || descriptor >= DESCRIPTORS) return -1;
    return (int)name_of[descriptor] - 1;
}

static int number_of(const char *path) {
    int number;
    pthread_mutex_lock(&turn);
    for (number = 0; number < names_known; number++)
        if (!strcmp(names[number], path)) break;
    if (number == names_known && number < NAMES) strncpy(names[names_known++], path, NAME_BYTES - 1);
    pthread_mutex_unlock(&turn);
    return number < NAMES ? number : -1;
}

static void end(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

/* What is to become of this call: 0 for nothing, else one of the ways to strike. */
static int struck(int kind) {
    if (!(counted_kinds & kind)) return 0;
    long number = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
    if (number < strike_at || !strike_at) return 0;
    if (number > strike_at && strike_how != FAIL_FROM_THEN_ON) return 0;
    if (strike_how == KILL_BEFORE) end();
    return strike_how;
}

#define FAILS(how) ((how) == FAIL_ONCE || (how) == FAIL_FROM_THEN_ON)

static int opened(const char *path, int flags, int (*call)(const char *, int, int), int mode) {
    int number = is_watched(path) ? number_of(path) : -1;
    if (number < 0) {
        int descriptor = call(path, flags, mode);
        if (descriptor >= 0 && descriptor < DESCRIPTORS) name_of[descriptor] = 0;
        return descriptor;
    }
    int how = struck(OPENS);
    if (FAILS(how)) { errno = strike_errno; return -1; }
    int is_new = (flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
    put(OPENED, number, is_new, path, strlen(path));
    int descriptor = call(path, flags, mode);
    if (descriptor >= 0 && descriptor < DESCRIPTORS) name_of[descriptor] = number + 1;
    if (how) end();
    return descriptor;
}

#define OPEN(name)                                                          \
    static int call_##name(const char *path, int flags, int mode) {         \
        REAL(name);                                                         \
        return real(path, flags, mode);                                     \
    }                                                                       \
    int name(const char *path, int flags, ...) {                            \
        va_list more;                                                       \
        va_start(more, flags);                                              \
        int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, int) : 0;   \
        va_end(more);                                                       \
        return opened(path, flags, call_##name, mode);                      \
    }
OPEN(open)
OPEN(open64)

int close(int descriptor) {
    REAL(close);
    if (descriptor >= 0 && descriptor < DESCRIPTORS) name_of[descriptor] = 0;
    return real(descriptor);
}

#define PREAD(name, offset_t)                                               \
    ssize_t name(int descriptor, void *bytes, size_t count, offset_t at) {  \
        REAL(name);                                                         \
        int how = watched_name(descriptor) < 0 ? 0 : struck(READS);         \
        if (FAILS(how)) { errno = strike_errno; return -1; }                \
        ssize_t done = real(descriptor, bytes, count, at);                  \
        if (how) end();                                                     \
        return done;                                                        \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

#define PWRITE(name, offset_t)                                                     \
    ssize_t name(int descriptor, const void *bytes, size_t count, offset_t at) {   \
        REAL(name);                                                                \
        int number = watched_name(descriptor);                                     \
        if (number < 0) return real(descriptor, bytes, count, at);                 \
        int how = struck(WRITES);                                                  \
        if (FAILS(how)) { errno = strike_errno; return -1; }                       \
        put(WRITTEN, number, at, bytes, count);                                    \
        ssize_t done = real(descriptor, bytes, how == KILL_HALFWAY ? count / 2 : count, at); \
        if (how) end();                                                            \
        return done;                                                               \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNCATE(name, offset_t)                                            \
    int name(int descriptor, offset_t length) {                             \
        REAL(name);                                                         \
        int number = watched_name(descriptor);                              \
        if (number < 0) return real(descriptor, length);                    \
        int how = struck(TRUNCATES);                                        \
        if (FAILS(how)) { errno = strike_errno; return -1; }                \
        put(TRUNCATED, number, length, 0, 0);                               \
        int done = real(descriptor, length);                                \
        if (how) end();                                                     \
        return done;                                                        \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                                          \
    int name(int descriptor) {                                              \
        REAL(name);                                                         \
        int number = watched_name(descriptor);                              \
        if (number < 0) return real(descriptor);                            \
        int how = struck(SYNCS);                                            \
        if (FAILS(how)) { errno = strike_errno; return -1; }                \
        if (lying) return 0;                                                \
        put(SYNC_BEGUN, number, 0, 0, 0);                                   \
        int done = real(descriptor);                                        \
        if (how) end();                                                     \
        put(SYNCED, number, 0, 0, 0);                                       \
        return done;                                                        \
    }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path) {
    REAL(unlink);
    int number = is_watched(path) ? number_of(path) : -1;
    if (number < 0) return real(path);
    int how = struck(UNLINKS);
    if (FAILS(how)) { errno = strike_errno; return -1; }
    put(UNLINKED, number, 0, 0, 0);
    int done = real(path);
    if (how) end();
    return done;
}

#define MMAP(name, offset_t)                                                                  \
    void *name(void *address, size_t length, int access, int flags, int descriptor, offset_t at) { \
        REAL(name);                                                                           \
        int how = watched_name(descriptor) < 0 ? 0 : struck(MAPS);                            \
        if (FAILS(how)) { errno = strike_errno; return MAP_FAILED; }                          \
        void *done = real(address, length, access, flags, descriptor, at);                    \
        if (how) end();                                                                       \
        return done;                                                                          \
    }
MMAP(mmap, off_t)
MMAP(mmap64, off64_t)

#define FCNTL(name)                                                         \
    int name(int descriptor, int command, ...) {                            \
        REAL(name);                                                         \
        va_list more;                                                       \
        va_start(more, command);                                            \
        void *argument = va_arg(more, void *);                              \
        va_end(more);                                                       \
        int counts = command == F_SETLK && watched_name(descriptor) >= 0;   \
        int how = counts ? struck(LOCKS) : 0;                               \
        if (FAILS(how)) { errno = strike_errno; return -1; }                \
        int done = real(descriptor, command, argument);                     \
        if (how) end();                                                     \
        return done;                                                        \
    }
FCNTL(fcntl)
FCNTL(fcntl64)
