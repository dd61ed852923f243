/* Preloaded: the names of a file instead of a name server's, and every connection to a receiver of the test.
   Writes a line to standard output for each connection that is attempted: the address and port that were asked
   for. Where a name has several lines, each look-up takes the next.

   NAMES: a file of lines "name address,address". PLAIN_PORT, TLS_PORT: where connections go on this machine, to
   the latter while the program has set SECURE to yes. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DESCRIPTORS = 1024, LINES = 1024 };
static struct sockaddr_storage asked[DESCRIPTORS];
static socklen_t asked_length[DESCRIPTORS];
static int used[LINES];

static int parse(const char *text, int port, struct sockaddr_storage *out, socklen_t *length) {
  struct sockaddr_in *four = (struct sockaddr_in *)out;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
  memset(out, 0, sizeof *out);
  if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    *length = sizeof *four;
    return 1;
  }
  if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    *length = sizeof *six;
    return 1;
  }
  return 0;
}

/* Our own answers are freed by the program, which calls freeaddrinfo of the C library: so they are made of
   what the C library gives for numbers, one address at a time, linked. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **result) {
  static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
  if (!real) real = dlsym(RTLD_NEXT, "getaddrinfo");
  struct addrinfo numbers = hints ? *hints : (struct addrinfo){0};
  numbers.ai_flags = (numbers.ai_flags | AI_NUMERICHOST) & ~AI_ADDRCONFIG;
  FILE *file = fopen(getenv("NAMES"), "r");
  char line[2048], wanted[2048] = "";
  for (int number = 0; file && number < LINES && fgets(line, sizeof line, file); number++) {
    char *space = strchr(line, ' ');
    if (!space) continue;
    *space = 0;
    if (strcasecmp(line, name)) continue;
    strcpy(wanted, space + 1);
    wanted[strcspn(wanted, "\n")] = 0;
    if (!used[number]) {
      used[number] = 1;
      break;
    }
  }
  if (file) fclose(file);
  if (!*wanted) return real(name, service, &numbers, result);
  struct addrinfo **end = result;
  *result = NULL;
  for (char *rest, *one = strtok_r(wanted, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
    int code = real(one, service, &numbers, end);
    if (code) continue;
    while (*end) end = &(*end)->ai_next;
  }
  return *result ? 0 : EAI_NONAME;
}

/* Only what speaks to the internet: libcurl also asks whether there is IPv6 at all. */
int socket(int family, int type, int protocol) {
  static int (*real)(int, int, int);
  if (!real) real = dlsym(RTLD_NEXT, "socket");
  int descriptor = real(family == AF_INET6 ? AF_INET : family, type, protocol);
  if (descriptor >= 0 && descriptor < DESCRIPTORS) asked_length[descriptor] = 0;
  return descriptor;
}

int connect(int descriptor, const struct sockaddr *address, socklen_t length) {
  static int (*real)(int, const struct sockaddr *, socklen_t);
  if (!real) real = dlsym(RTLD_NEXT, "connect");
  if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
    return real(descriptor, address, length);
  char text[INET6_ADDRSTRLEN];
  int six = address->sa_family == AF_INET6;
  const struct sockaddr_in *four = (const void *)address;
  const struct sockaddr_in6 *sixth = (const void *)address;
  inet_ntop(address->sa_family, six ? (const void *)&sixth->sin6_addr : &four->sin_addr, text,
            sizeof text);
  int port = ntohs(six ? sixth->sin6_port : four->sin_port);
  char note[128];
  int count = snprintf(note, sizeof note, "connect %s %d\n", text, port);
  if (write(1, note, count) != count) abort();
  if (descriptor < DESCRIPTORS) {
    memcpy(&asked[descriptor], address, length);
    asked_length[descriptor] = length;
  }
  struct sockaddr_storage here;
  socklen_t here_length = 0;
  const char *target = getenv(strcmp(getenv("SECURE"), "yes") ? "PLAIN_PORT" : "TLS_PORT");
  parse("127.0.0.1", atoi(target), &here, &here_length);
  return real(descriptor, (struct sockaddr *)&here, here_length);
}

/* The peer is who was asked for: by this libcurl learns whom a connection that it uses again reaches. */
int getpeername(int descriptor, struct sockaddr *address, socklen_t *length) {
  static int (*real)(int, struct sockaddr *, socklen_t *);
  if (!real) real = dlsym(RTLD_NEXT, "getpeername");
  if (descriptor < 0 || descriptor >= DESCRIPTORS || !asked_length[descriptor])
    return real(descriptor, address, length);
  socklen_t most = *length < asked_length[descriptor] ? *length : asked_length[descriptor];
  memcpy(address, &asked[descriptor], most);
  *length = asked_length[descriptor];
  return 0;
}
