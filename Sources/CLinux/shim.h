#ifndef SEALPOST_CLINUX_SHIM_H
#define SEALPOST_CLINUX_SHIM_H

/* What Swift's Glibc module leaves out. */
#include <sys/epoll.h>
#include <sys/eventfd.h>

#endif
