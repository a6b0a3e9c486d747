/*
 * Records that are written and read allocate nothing, once both directions have their buffers: whatever
 * their size, in pieces or whole, with read-ahead or without, also where a call has to be repeated.
 * OpenSSL 3.0 allocates twice a record in each direction at most, which is its own business.
 */
#define _GNU_SOURCE
#include "session_pair.h"

#include <dlfcn.h>

#define ROUNDS 50
#define LONGEST 40000
#define RECORD 16384

static int is_counting;
static long allocations;

static void *get(size_t length, const char *file, int line)
{
    (void)file, (void)line;
    allocations += is_counting;
    return malloc(length);
}

static void *change(void *block, size_t length, const char *file, int line)
{
    (void)file, (void)line;
    allocations += is_counting;
    return realloc(block, length);
}

static void put(void *block, const char *file, int line)
{
    (void)file, (void)line;
    free(block);
}

/* OpenSSL's two libraries are in one folder; ours is elsewhere. */
static int is_openssl(void)
{
    Dl_info ssl, crypto;

    if (!dladdr((void *)SSL_new, &ssl) || !dladdr((void *)CRYPTO_malloc, &crypto))
        return 0;
    size_t folder = (size_t)(strrchr(crypto.dli_fname, '/') - crypto.dli_fname);
    return strncmp(ssl.dli_fname, crypto.dli_fname, folder + 1) == 0;
}

static void show(const char *label, int length, int moved, long records)
{
    long most = is_openssl() ? records * 4 : 0;

    printf("%s: %d bytes moved %d times, %s\n", label, length, moved,
           allocations <= most ? "nothing allocated" : "ALLOCATED");
    if (allocations > most)
        printf("    %ld allocations for %ld records\n", allocations, records);
}

static unsigned char sent[LONGEST], received[LONGEST];

/* Moves so many bytes from one end to the other, and finds nothing behind them. */
static int move_bytes(SSL *from, SSL *to, int length)
{
    size_t count = 0;

    if (SSL_write(from, sent, length) != length)
        return 0;
    for (int done = 0, n; done < length; done += n) {
        if (SSL_peek(to, received + done, 1) != 1)
            return 0;
        n = SSL_read(to, received + done, length - done);
        if (n <= 0)
            return 0;
    }
    /* The call blocks. */
    if (SSL_read_ex(to, received, 1, &count) || SSL_get_error(to, -1) != SSL_ERROR_WANT_READ)
        return 0;
    return 1;
}

static void steady(const char *label, int version, int read_ahead)
{
    static const int sizes[] = { 1, 100, 16384, LONGEST };
    SSL_CTX *client = pair_client(version), *server = pair_server(version);

    SSL_CTX_set_read_ahead(client, read_ahead);
    SSL_CTX_set_read_ahead(server, read_ahead);
    struct pair pair = pair_new(client, server, NULL);
    printf("%s: connected %d\n", label, pair_shake(&pair));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int moved = 0;

        moved += move_bytes(pair.client, pair.server, sizes[i]);
        moved += move_bytes(pair.server, pair.client, sizes[i]);
        allocations = 0;
        is_counting = 1;
        for (int round = 0; round < ROUNDS; round++) {
            moved += move_bytes(pair.client, pair.server, sizes[i]);
            moved += move_bytes(pair.server, pair.client, sizes[i]);
        }
        is_counting = 0;
        show(label, sizes[i], moved, 2L * ROUNDS * (sizes[i] / RECORD + 1));
    }
    pair_close(&pair);
    SSL_free(pair.client);
    SSL_free(pair.server);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* A write that the transport takes in pieces. */
static void in_pieces(const char *label, int version)
{
    SSL_CTX *client = pair_client(version), *server = pair_server(version);
    struct pair pair = pair_new(client, server, NULL);
    BIO *narrow, *other;
    int moved = 0;

    printf("%s: connected %d\n", label, pair_shake(&pair));
    BIO_new_bio_pair(&narrow, 1000, &other, 1000);
    SSL_set_bio(pair.client, narrow, narrow);
    SSL_set_bio(pair.server, other, other);
    for (int round = 0; round < ROUNDS; round++) {
        int written = 0;

        /* In the first the buffers get their size. */
        if (round == 1)
            allocations = 0;
        is_counting = 1;
        while (written <= 0) {
            int n;

            written = SSL_write(pair.client, sent, 5000);
            while ((n = SSL_read(pair.server, received, sizeof received)) > 0)
                moved += n;
        }
    }
    is_counting = 0;
    show(label, moved, ROUNDS, ROUNDS);
    SSL_free(pair.client);
    SSL_free(pair.server);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

int main(void)
{
    if (!CRYPTO_set_mem_functions(get, change, put))
        printf("the functions are refused\n");
    memset(sent, 'd', sizeof sent);
    steady("TLS 1.3", TLS1_3_VERSION, 0);
    steady("TLS 1.2", TLS1_2_VERSION, 0);
    steady("TLS 1.3, read-ahead", TLS1_3_VERSION, 1);
    steady("TLS 1.2, read-ahead", TLS1_2_VERSION, 1);
    in_pieces("TLS 1.3, in pieces", TLS1_3_VERSION);
    in_pieces("TLS 1.2, in pieces", TLS1_2_VERSION);
    EVP_PKEY_free(pair_key);
    X509_free(pair_certificate);
    return 0;
}
