#ifndef SEALPOST_CMIMALLOC_SHIM_H
#define SEALPOST_CMIMALLOC_SHIM_H

/* Linking it is what counts: it takes the place of malloc for the whole process. libcurl asks for memory
   forty times a request, and mimalloc answers sooner than glibc. */
#include <mimalloc.h>

#endif
