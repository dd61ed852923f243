#ifndef SEALPOST_COPENSSL_SHIM_H
#define SEALPOST_COPENSSL_SHIM_H

/* Of the functions that OpenSSL 3 calls old only SHA-256's are used, below. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

/* How a name is printed: RFC 2253, with its characters in UTF-8. The flags are macros of many terms, which
   Swift does not import. */
static inline int sealpost_print_name(BIO *output, const X509_NAME *name) {
  return X509_NAME_print_ex(output, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
}

/* HMAC-SHA256 (RFC 2104) from the states of SHA-256 behind the two padded keys: a cache line a key, where an
   EVP_MAC context is ten and three allocations a message. */
struct sealpost_hmac_key {
  SHA_LONG inner[8], outer[8];
};

static inline void sealpost_hmac_pad(SHA_LONG state[8], const unsigned char block[SHA256_CBLOCK],
                                     unsigned char pad) {
  unsigned char padded[SHA256_CBLOCK];
  for (int index = 0; index < SHA256_CBLOCK; index++) padded[index] = block[index] ^ pad;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, padded, sizeof padded);
  for (int index = 0; index < 8; index++) state[index] = context.h[index];
  OPENSSL_cleanse(padded, sizeof padded);
  OPENSSL_cleanse(&context, sizeof context);
}

static inline void sealpost_hmac_set_key(struct sealpost_hmac_key *key, const void *bytes, size_t count) {
  unsigned char block[SHA256_CBLOCK] = {0};
  if (count > sizeof block) {
    SHA256((const unsigned char *)bytes, count, block);
  } else {
    for (size_t index = 0; index < count; index++) block[index] = ((const unsigned char *)bytes)[index];
  }
  sealpost_hmac_pad(key->inner, block, 0x36);
  sealpost_hmac_pad(key->outer, block, 0x5c);
  OPENSSL_cleanse(block, sizeof block);
}

static inline void sealpost_hmac_resume(SHA256_CTX *context, const SHA_LONG state[8]) {
  SHA256_Init(context);
  for (int index = 0; index < 8; index++) context->h[index] = state[index];
  context->Nl = SHA256_CBLOCK * 8;
}

static inline void sealpost_hmac_begin(SHA256_CTX *message, const struct sealpost_hmac_key *key) {
  sealpost_hmac_resume(message, key->inner);
}

static inline void sealpost_hmac_update(SHA256_CTX *message, const void *bytes, size_t count) {
  SHA256_Update(message, bytes, count);
}

static inline void sealpost_hmac_end(SHA256_CTX *message, const struct sealpost_hmac_key *key,
                                     unsigned char code[SHA256_DIGEST_LENGTH]) {
  SHA256_Final(code, message);
  sealpost_hmac_resume(message, key->outer);
  SHA256_Update(message, code, SHA256_DIGEST_LENGTH);
  SHA256_Final(code, message);
}

#endif
