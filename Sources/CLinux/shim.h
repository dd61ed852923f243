#ifndef SEALPOST_CLINUX_SHIM_H
#define SEALPOST_CLINUX_SHIM_H

/* What Swift's Glibc module leaves out. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/* prctl() is variadic. Names the calling thread, at most 15 bytes. */
static inline int sealpost_name_thread(const char *name) {
  return prctl(PR_SET_NAME, (unsigned long)name, 0UL, 0UL, 0UL);
}

/* memfd_create(2) and its flag are declared for GNU sources only. */
#include <sys/syscall.h>
#include <unistd.h>

static inline int sealpost_memory_file(const char *name) {
  return (int)syscall(SYS_memfd_create, name, 1U /* MFD_CLOEXEC */);
}

#endif
