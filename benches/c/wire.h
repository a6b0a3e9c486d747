/* The transport: memory made once, one copy in, one copy out, calls counted. The same as src/wire.rs. */
#ifndef WIRE_H
#define WIRE_H

#include <openssl/bio.h>

struct calls {
    unsigned long writes;        /* that took bytes */
    unsigned long reads;         /* that gave bytes */
    unsigned long blocked_reads; /* that found none */
};

/* Makes both directions and the kind of BIO. */
void wires_init(void);

/* A BIO for an end of the one pair of wires that all connections share: each leaves it empty. */
BIO *wires_client(void);
BIO *wires_server(void);

/* The calls of both directions so far. */
struct calls wires_calls(void);

#endif
