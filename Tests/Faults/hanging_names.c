/* A name server that does not answer: looking up a name that ends in ".hangs.test" takes 30 s and fails.
 * Preloaded with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <time.h>

int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict result) {
  static const char suffix[] = ".hangs.test";
  size_t length = node ? strlen(node) : 0;
  if (length > sizeof suffix && !strcmp(node + length - sizeof suffix + 1, suffix)) {
    struct timespec time = {30, 0};
    nanosleep(&time, NULL);
    return EAI_AGAIN;
  }
  int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
      (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(
          RTLD_NEXT, "getaddrinfo");
  return next(node, service, hints, result);
}
