/*
 * 10,000 connections, opened and closed one after the other in every way that connections end, leave the
 * heap where it was, within 1 %; and no mapping and no descriptor more.
 */
#include "endpoint.h"
#include "../exact_heap.h"

#include <dirent.h>
#include <malloc.h>

#define CONNECTIONS 10000
/* Until every cache is full and every arena has what it keeps. */
#define WARM_UP 2000

static SSL_CTX *client_ctx, *stranger_ctx, *server_ctx;
static SSL_SESSION *session;
static unsigned long counts[8];

static int keep_session(SSL *ssl, SSL_SESSION *fresh)
{
    (void)ssl;
    SSL_SESSION_free(session);
    session = fresh;
    return 1;
}

/* Handshake, data, orderly end. */
static void whole(struct connection *connection, unsigned number)
{
    CHECK(handshake(connection));
    transfer(connection->server, connection->client, 1 + number % 30000, number);
    transfer(connection->client, connection->server, 1 + number % 5000, number);
    shut_down(connection);
}

/* The client goes away after the handshake, with a write blocked and data unread. */
static void abandoned(struct connection *connection)
{
    static unsigned char bytes[300000];

    CHECK(handshake(connection));
    CHECK(SSL_write(connection->server, "unread", 6) == 6);
    while (SSL_write(connection->client, bytes, sizeof(bytes)) > 0)
        ;
}

/* The handshake stops after some steps. */
static void unfinished(struct connection *connection, unsigned steps)
{
    unsigned step;

    for (step = 0; step < steps; step++)
        CHECK(SSL_do_handshake(step % 2 ? connection->server : connection->client) != 1);
}

/* One connection; the number decides which. */
static void one(unsigned number)
{
    struct connection connection;
    int version = number % 2 ? TLS1_3_VERSION : TLS1_2_VERSION;
    unsigned way = number / 2 % 6;
    SSL_CTX *client = way == 3 ? stranger_ctx : client_ctx;

    open_connection(&connection, client, server_ctx, version, way == 1 ? session : NULL,
                    number / 12 % 2 ? SOCKETS : BIO_PAIR);
    counts[way]++;
    switch (way) {
    case 0:
    case 1: /* resumed, if the last session has the version */
        whole(&connection, number);
        break;
    case 2:
        abandoned(&connection);
        break;
    case 3: /* the client does not trust the server */
        CHECK(!handshake(&connection));
        break;
    case 4:
        unfinished(&connection, 1 + number % 3);
        break;
    case 5: /* the same object once more */
        whole(&connection, number);
        CHECK(SSL_clear(connection.client) == 1 && SSL_clear(connection.server) == 1);
        whole(&connection, number);
        break;
    }
    close_connection(&connection);
    ERR_clear_error();
}

struct level {
    size_t heap, mapped;
    int mappings, descriptors;
};

static int lines_of(const char *path)
{
    FILE *file = fopen(path, "r");
    int lines = 0, character;

    CHECK(file != NULL);
    while ((character = fgetc(file)) != EOF)
        lines += character == '\n';
    fclose(file);
    return lines;
}

static int descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    CHECK(folder != NULL);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static struct level level(void)
{
    struct mallinfo2 info = mallinfo2();
    struct level level = { info.uordblks, info.hblkhd, 0, 0 };

    level.mappings = lines_of("/proc/self/maps");
    level.descriptors = descriptors();
    printf("# in use: %zu bytes of heap, %zu mapped by it, %d mappings, %d descriptors\n",
           level.heap, level.mapped, level.mappings, level.descriptors);
    return level;
}

static int is_within_one_percent(size_t before, size_t after)
{
    return after <= before + before / 100;
}

/* Which sessions are kept depends on the last few connections, and sessions differ in size. */
static void let_go_of_sessions(void)
{
    SSL_CTX_flush_sessions(server_ctx, 0);
    SSL_SESSION_free(session);
    session = NULL;
}

int main(int argc, char **argv)
{
    struct level before, after;
    unsigned number;
    int way;

    (void)argc;
    need_exact_heap(argv);
    make_certificate();
    client_ctx = make_client(1);
    stranger_ctx = make_client(0);
    server_ctx = make_server();
    SSL_CTX_set_session_cache_mode(client_ctx,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(client_ctx, keep_session);
    SSL_CTX_sess_set_cache_size(server_ctx, 32);
    for (number = 0; number < WARM_UP; number++)
        one(number);
    let_go_of_sessions();
    before = level();
    for (number = 0; number < CONNECTIONS; number++)
        one(number);
    let_go_of_sessions();
    after = level();
    for (way = 0; way < 6; way++)
        printf("way %d: %lu\n", way, counts[way]);
    CHECK(is_within_one_percent(before.heap, after.heap));
    CHECK(is_within_one_percent(before.mapped, after.mapped));
    CHECK(after.mappings <= before.mappings && after.descriptors == before.descriptors);
    printf("the heap is where it was\n");
    SSL_SESSION_free(session);
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(stranger_ctx);
    SSL_CTX_free(server_ctx);
    X509_free(server_certificate);
    EVP_PKEY_free(server_key);
    return 0;
}
