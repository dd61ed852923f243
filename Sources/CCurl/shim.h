#ifndef SEALPOST_CCURL_SHIM_H
#define SEALPOST_CCURL_SHIM_H

#include <curl/curl.h>

#endif
