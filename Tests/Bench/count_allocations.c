/* Counts what a process asks of malloc(3), and writes the number to the file that the environment names at
 * the end of the process. Preloaded with LD_PRELOAD; the allocator beneath is glibc's.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_ullong count;

static void add(void) { atomic_fetch_add_explicit(&count, 1, memory_order_relaxed); }

void *malloc(size_t size) { return add(), __libc_malloc(size); }
void *calloc(size_t items, size_t size) { return add(), __libc_calloc(items, size); }
void *realloc(void *old, size_t size) { return add(), __libc_realloc(old, size); }
void *aligned_alloc(size_t alignment, size_t size) { return add(), __libc_memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  add();
  return (*memory = __libc_memalign(alignment, size)) ? 0 : 12;
}

__attribute__((destructor)) static void report(void) {
  const char *path = getenv("ALLOCATIONS_FILE");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%llu\n", atomic_load(&count));
  fclose(file);
}
