#ifndef SEALPOST_CPOSTGRES_SHIM_H
#define SEALPOST_CPOSTGRES_SHIM_H

#include <libpq-fe.h>

/* The fields of an error are named by character constants, which do not come into Swift as integers. */

static inline const char *sealpost_postgres_state(const PGresult *result) {
  return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

static inline const char *sealpost_postgres_words(const PGresult *result) {
  return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}

#endif
