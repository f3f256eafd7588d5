/* What a program does to files below one folder: counted, and at the Nth one killed, refused or written down.
 *
 * Preloaded (LD_PRELOAD) it does nothing until `arm` is called, in a forked child. Counted is what changes a disk or has
 * it changed for good: files and folders made, written, cut, flushed, renamed, removed. What C's own streams write is
 * counted at `fwrite`, and may reach the disk a little later.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { IDLE, RECORD, KILL, TEAR, FAIL, FAIL_ON };

static int mode = IDLE, fault = 0, journal = -1;
static long counted = 0, place = 0;
static char root[PATH_MAX];
static size_t root_length = 0;

#define REAL(name) __typeof__(name) *real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

void arm(const char *folder, const char *log, int how, long at, int error) {
    snprintf(root, sizeof root, "%s", folder);
    root_length = strlen(root);
    if (log && *log) journal = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    counted = 0, place = at, fault = error, mode = how;
}

long operations(void) { return counted; }

static void resolve(int folder, const char *path, char *whole) {
    char link[64], base[PATH_MAX] = "";
    if (path && *path == '/') { snprintf(whole, PATH_MAX, "%s", path); return; }
    if (folder == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
    else snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) length = 0;
    base[length] = 0;
    if (!path) snprintf(whole, PATH_MAX, "%s", base);
    else if (snprintf(whole, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) *whole = 0;
}

static int inside(const char *path) {
    return mode != IDLE && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || !path[root_length]);
}

/* Count an operation; return whether it is to be refused. A write that is to be torn asks to be killed later. */
static int refused(int *torn) {
    long now = __sync_add_and_fetch(&counted, 1);
    if ((mode == KILL || (mode == TEAR && !torn)) && now == place) raise(SIGKILL);
    if (mode == TEAR && now == place) { *torn = 1; return 0; }
    if ((mode == FAIL && now == place) || (mode == FAIL_ON && now >= place)) { errno = fault; return 1; }
    return 0;
}

static void record(const char *what, const char *path, const char *other, long offset, const void *data, size_t length) {
    char head[2 * PATH_MAX + 100];
    if (mode != RECORD || journal < 0) return;
    int size = snprintf(head, sizeof head, "%ld\t%s\t%s\t%s\t%ld\t%zu\n", counted, what, path, other, offset, data ? length : 0);
    struct iovec parts[2] = {{head, (size_t)size}, {(void *)data, data ? length : 0}};
    int before = errno;
    syscall(SYS_writev, journal, parts, 2);
    errno = before;
}

void note(const char *text) { record("note", text, "", 0, NULL, 0); }

static long length_of(int fd) { struct stat is; return fstat(fd, &is) ? 0 : (long)is.st_size; }

static int opened(int folder, const char *path, int flags, mode_t rights) {
    char whole[PATH_MAX];
    struct stat is;
    resolve(folder, path, whole);
    int counts = inside(whole) && (flags & (O_CREAT | O_TRUNC)) && !(flags & O_DIRECTORY);
    int there = counts && lstat(whole, &is) == 0;
    if (there && (!(flags & O_TRUNC) || !is.st_size || (flags & O_EXCL))) counts = 0;
    if (counts && refused(NULL)) return -1;
    int fd = (int)syscall(SYS_openat, folder, path, flags | O_LARGEFILE, rights);
    if (counts && fd >= 0) record(there ? "cut" : "make", whole, "", 0, NULL, 0);
    return fd;
}

#define OPEN(name, ...) { va_list more; va_start(more, flags); mode_t rights = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
    va_end(more); return opened(__VA_ARGS__, path, flags, rights); }
int open(const char *path, int flags, ...) OPEN(open, AT_FDCWD)
int open64(const char *path, int flags, ...) OPEN(open64, AT_FDCWD)
int openat(int folder, const char *path, int flags, ...) OPEN(openat, folder)
int openat64(int folder, const char *path, int flags, ...) OPEN(openat64, folder)

static FILE *stream(FILE *(*real)(const char *, const char *), const char *path, const char *how) {
    char whole[PATH_MAX];
    struct stat is;
    resolve(AT_FDCWD, path, whole);
    int counts = inside(whole) && *how != 'r', there = counts && lstat(whole, &is) == 0;
    if (there && (*how == 'a' || !is.st_size)) counts = 0;
    if (counts && refused(NULL)) return NULL;
    FILE *got = real(path, how);
    if (counts && got) record(there ? "cut" : "make", whole, "", 0, NULL, 0);
    return got;
}
FILE *fopen(const char *path, const char *how) { REAL(fopen); return stream(real, path, how); }
FILE *fopen64(const char *path, const char *how) { REAL(fopen64); return stream(real, path, how); }

static ssize_t written(int fd, const void *data, size_t size, long offset) {
    char whole[PATH_MAX] = "";
    int torn = 0;
    if (mode != IDLE) resolve(fd, NULL, whole);
    if (!inside(whole)) return offset < 0 ? syscall(SYS_write, fd, data, size) : syscall(SYS_pwrite64, fd, data, size, offset);
    if (refused(&torn)) return -1;
    if (torn) size /= 2;
    long at = offset >= 0 ? offset : fcntl(fd, F_GETFL) & O_APPEND ? length_of(fd) : (long)lseek(fd, 0, SEEK_CUR);
    ssize_t done = offset < 0 ? syscall(SYS_write, fd, data, size) : syscall(SYS_pwrite64, fd, data, size, offset);
    if (torn) raise(SIGKILL);
    if (done > 0) record("write", whole, "", at, data, (size_t)done);
    return done;
}
ssize_t write(int fd, const void *data, size_t size) { return written(fd, data, size, -1); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return written(fd, data, size, offset); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) { return written(fd, data, size, offset); }

size_t fwrite(const void *data, size_t size, size_t count, FILE *target) {
    REAL(fwrite);
    char whole[PATH_MAX] = "";
    int torn = 0;
    if (mode != IDLE) resolve(fileno(target), NULL, whole);
    if (!inside(whole)) return real(data, size, count, target);
    if (refused(&torn)) return 0;
    long at = ftell(target);
    size_t done = real(data, size, torn ? count / 2 : count, target);
    if (torn) { fflush(target); raise(SIGKILL); }
    record("write", whole, "", at, data, size * done);
    return done;
}

#define OF_FILE(name, arguments, call, what, offset) int name arguments { REAL(name); char whole[PATH_MAX] = ""; \
    if (mode != IDLE) resolve(fd, NULL, whole); \
    if (!inside(whole)) return real call; \
    if (refused(NULL)) return -1; \
    int failed = real call; \
    if (!failed) record(what, whole, "", offset, NULL, 0); \
    return failed; }
OF_FILE(fsync, (int fd), (fd), "flush", 0)
OF_FILE(fdatasync, (int fd), (fd), "flush", 0)
OF_FILE(ftruncate, (int fd, off_t size), (fd, size), "resize", (long)size)
OF_FILE(ftruncate64, (int fd, off64_t size), (fd, size), "resize", (long)size)

#define OF_NAME(name, arguments, call, what, folder) int name arguments { REAL(name); char whole[PATH_MAX] = ""; \
    if (mode != IDLE) resolve(folder, path, whole); \
    if (!inside(whole)) return real call; \
    if (refused(NULL)) return -1; \
    int failed = real call; \
    if (!failed) record(what, whole, "", 0, NULL, 0); \
    return failed; }
OF_NAME(mkdir, (const char *path, mode_t rights), (path, rights), "folder", AT_FDCWD)
OF_NAME(mkdirat, (int at, const char *path, mode_t rights), (at, path, rights), "folder", at)
OF_NAME(rmdir, (const char *path), (path), "remove", AT_FDCWD)
OF_NAME(unlink, (const char *path), (path), "remove", AT_FDCWD)
OF_NAME(unlinkat, (int at, const char *path, int flags), (at, path, flags), "remove", at)

#define OF_TWO(name, arguments, call, first, second) int name arguments { REAL(name); char from[PATH_MAX] = "", to[PATH_MAX] = ""; \
    if (mode != IDLE) { resolve(first, old, from); resolve(second, new, to); } \
    if (!inside(to) && !inside(from)) return real call; \
    if (refused(NULL)) return -1; \
    int failed = real call; \
    if (!failed) record("rename", from, to, 0, NULL, 0); \
    return failed; }
OF_TWO(rename, (const char *old, const char *new), (old, new), AT_FDCWD, AT_FDCWD)
OF_TWO(renameat, (int a, const char *old, int b, const char *new), (a, old, b, new), a, b)

/* The time of day, set back by so many seconds, twice as many, and forward again, call by call. */
static long set_back = 0, asked = 0;
void jump_clock(long seconds) { set_back = seconds; }
static time_t jumped(void) { return set_back ? -set_back * (__sync_add_and_fetch(&asked, 1) % 3) : 0; }
int clock_gettime(clockid_t which, struct timespec *now) {
    int failed = (int)syscall(SYS_clock_gettime, which, now);
    if (!failed && which == CLOCK_REALTIME) now->tv_sec += jumped();
    return failed;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int failed = (int)syscall(SYS_gettimeofday, now, zone);
    if (!failed) now->tv_sec += jumped();
    return failed;
}
time_t time(time_t *kept) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (kept) *kept = now.tv_sec;
    return now.tv_sec;
}
