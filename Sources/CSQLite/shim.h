#ifndef SEALPOST_CSQLITE_SHIM_H
#define SEALPOST_CSQLITE_SHIM_H

#include <sqlite3.h>

/* sqlite3_config() is variadic. Turns the memory statistics off; SQLITE_MISUSE once SQLite is in use. */
static inline int sealpost_sqlite_without_memory_statistics(void) {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* Rows in the program's memory that statements read as a table. `column` hands the value of a column to
 * `context` by one of sqlite3_result_*(). */
typedef struct sealpost_rows {
  const void *memory;
  sqlite3_int64 count;
  void (*column)(const void *memory, sqlite3_int64 row, sqlite3_context *context, int number);
} sealpost_rows;

/* A cursor on such a table. SQLite wants its own part first. */
typedef struct sealpost_rows_cursor {
  sqlite3_vtab_cursor base;
  const sealpost_rows *rows;
  sqlite3_int64 row;
} sealpost_rows_cursor;

/* The rows go to the table as a pointer, which no SQL text can make up: sqlite.org/bindptr.html. */
static inline int sealpost_bind_rows(sqlite3_stmt *statement, int index, const sealpost_rows *rows) {
  return sqlite3_bind_pointer(statement, index, (void *)rows, "sealpost_rows", 0);
}

static inline const sealpost_rows *sealpost_value_rows(sqlite3_value *value) {
  return (const sealpost_rows *)sqlite3_value_pointer(value, "sealpost_rows");
}

#endif
