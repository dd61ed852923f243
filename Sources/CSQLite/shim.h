#ifndef SEALPOST_CSQLITE_SHIM_H
#define SEALPOST_CSQLITE_SHIM_H

#include <sqlite3.h>

/* sqlite3_config() is variadic. Turns the memory statistics off; SQLITE_MISUSE once SQLite is in use. */
static inline int sealpost_sqlite_without_memory_statistics(void) {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

#endif
