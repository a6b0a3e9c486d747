/* What programs tell the engine of later.c, and what it tells them. */
#ifndef LATER_H
#define LATER_H

#include <openssl/engine.h>

enum {
    LATER_GATE = ENGINE_CMD_BASE,
    LATER_ALLOW,
    LATER_IMPATIENT,
    LATER_COUNTS,
};

struct later_counts {
    unsigned long by_worker; /* signatures made on the engine's thread */
    unsigned long in_place;  /* and on that of the caller */
};

#endif
