/* A disk that takes its time: every fsync and fdatasync of a process takes SYNC_MILLISECONDS longer. Preloaded
 * with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int slowly(const char *name, int file) {
  const char *text = getenv("SYNC_MILLISECONDS");
  long wait = text ? atol(text) : 0;
  struct timespec time = {wait / 1000, wait % 1000 * 1000000};
  nanosleep(&time, NULL);
  int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  return next(file);
}

int fsync(int file) { return slowly("fsync", file); }
int fdatasync(int file) { return slowly("fdatasync", file); }
