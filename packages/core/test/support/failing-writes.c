// Lets each write into a regular file fail with the error of that number, in all threads: what no file system here does by itself. For LD_PRELOAD.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int refused(int fd) {
  const char *number = getenv("FAILING_WRITES");
  struct stat found;
  if (!number || fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) return 0;
  errno = atoi(number);
  return 1;
}

#define WRITE(name, parameters, ...)                              \
  ssize_t name parameters {                                       \
    if (refused(fd)) return -1;                                   \
    return ((ssize_t(*) parameters)dlsym(RTLD_NEXT, #name))(__VA_ARGS__); \
  }

WRITE(write, (int fd, const void *bytes, size_t length), fd, bytes, length)
WRITE(writev, (int fd, const struct iovec *pieces, int count), fd, pieces, count)
WRITE(pwrite, (int fd, const void *bytes, size_t length, off_t at), fd, bytes, length, at)
WRITE(pwrite64, (int fd, const void *bytes, size_t length, off64_t at), fd, bytes, length, at)
WRITE(pwritev, (int fd, const struct iovec *pieces, int count, off_t at), fd, pieces, count, at)
WRITE(pwritev64, (int fd, const struct iovec *pieces, int count, off64_t at), fd, pieces, count, at)
