/*
 * A script of calls on live objects: bytes say which function is called next, on what and with what. The
 * callbacks read on in the same script and call back in.
 */
#ifndef FUZZ_CALLS_H
#define FUZZ_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define SLOTS 4

/* What a script has. Slots may be empty. */
struct world {
    const uint8_t *script, *end;
    /* A client's and a server's. */
    SSL_CTX *ctx[2];
    /* The pair first, then what was made later. */
    SSL *ssl[SLOTS];
    SSL_SESSION *session[SLOTS];
    /* How many callbacks deep, and how many of them are the transport's. */
    int depth, transports;
    /* Calls that may still follow. */
    int budget;
};

extern struct world world;

/* What every script starts with: made once. */
extern EVP_PKEY *the_key, *another_key;
extern X509 *the_certificate, *another_certificate;

/* The next of the script; 0 when it is over. */
unsigned next_byte(void);
unsigned next_short(void);
/* Up to `most` bytes of it; the length goes to `size`. */
const unsigned char *next_bytes(size_t most, size_t *size);
/* The same as a string, good until the next call. */
const char *next_string(void);

/* Runs a script. */
void run_calls(const uint8_t *script, size_t size);
/* One call, whichever is next. */
void one_call(void);
/* Some calls from a callback. */
void reenter(void);

/* callbacks.c: installs those that the bits of the script ask for. */
void install_callbacks(SSL_CTX *ctx, unsigned long which);
void install_on_connection(SSL *ssl, unsigned which);
/* A callback on the transport. */
void watch_transport(BIO *bio);

/* looks.c: every function that only looks. */
void look_at_connection(SSL *ssl);
void look_at_context(SSL_CTX *ctx);
void look_at_session(SSL_SESSION *session);

/* settings.c: every function that sets something, one at a time. */
void change_connection(SSL *ssl);
void change_context(SSL_CTX *ctx);
void change_session(SSL_SESSION *session);

#endif
