/* The cipher suites that both libraries have, for programs that print lists of them. */
#ifndef COMMON_SUITES_H
#define COMMON_SUITES_H

#include <openssl/ssl.h>

/* What OpenSSL has beyond these is left out of what is compared. */
static int is_common(const SSL_CIPHER *c)
{
    static const int common[] = { 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9 };

    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
        if (SSL_CIPHER_get_protocol_id(c) == common[i])
            return 1;
    return 0;
}

#endif
