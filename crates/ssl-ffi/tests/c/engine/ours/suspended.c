/*
 * Many handshakes suspended at once, of which one half is then completed and the other freed as it is: the
 * heap is where it was, and no job of the thread is lost, as the engine gives up when it is resumed too
 * early. OpenSSL loses the job of a connection that is freed (statement A14), so this runs on our library
 * alone. What they cost is printed.
 */
#include "../engine_server.h"
#include "../../exact_heap.h"

#include <malloc.h>
#include <poll.h>

static int many;

/* Signatures asked for, made or not. */
static unsigned long asked;

static SSL_CTX *client_ctx, *server_ctx;

static long resident(void)
{
    long size, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    CHECK(file != NULL && fscanf(file, "%ld %ld", &size, &pages) == 2);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static size_t heap(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* A connection whose client has spoken. */
static void begin(struct connection *connection)
{
    int result;

    open_connection(connection, client_ctx, server_ctx, TLS1_3_VERSION, NULL, BIO_PAIR);
    SSL_set_verify(connection->client, SSL_VERIFY_NONE, NULL);
    result = SSL_do_handshake(connection->client);
    CHECK(is_retry(connection->client, result));
}

/* The server's handshake up to where its signature is waited for. */
static void suspend(struct connection *connection)
{
    int result = SSL_do_handshake(connection->server);

    CHECK(SSL_get_error(connection->server, result) == SSL_ERROR_WANT_ASYNC);
    asked++;
}

/* Sleeps until the signature is made. */
static void await_signature(SSL *ssl)
{
    struct pollfd ready = { -1, POLLIN, 0 };
    size_t count = 1;

    CHECK(SSL_get_all_async_fds(ssl, &ready.fd, &count) == 1 && count == 1);
    CHECK(poll(&ready, 1, 60000) == 1);
}

struct level {
    size_t heap;
    long resident;
};

static struct level level(void)
{
    return (struct level){ heap(), resident() };
}

/* Suspends all, completes one half, frees the other; the levels before and after all wait. */
static void round_of(struct connection *all, struct level *begun, struct level *waiting)
{
    int i;

    tell_engine(LATER_ALLOW, 0);
    for (i = 0; i < many; i++)
        begin(&all[i]);
    *begun = level();
    for (i = 0; i < many; i++)
        suspend(&all[i]);
    *waiting = level();
    tell_engine(LATER_ALLOW, many / 2);
    for (i = 0; i < many / 2; i++) {
        await_signature(all[i].server);
        CHECK(handshake(&all[i]));
        transfer(all[i].server, all[i].client, 1000, (unsigned)i);
        transfer(all[i].client, all[i].server, 1000, (unsigned)i);
        close_connection(&all[i]);
    }
    tell_engine(LATER_IMPATIENT, 1);
    for (; i < many; i++)
        close_connection(&all[i]);
    tell_engine(LATER_IMPATIENT, 0);
    tell_engine(LATER_ALLOW, -1);
}

/* The worker has done what was left in its queue. */
static void drain(void)
{
    while (engine_counts().by_worker < asked)
        poll(NULL, 0, 1);
}

static void all_at_once(void)
{
    struct connection *all = calloc((size_t)many, sizeof(*all));
    struct level first = level(), begun, waiting;
    size_t before, after;

    CHECK(all != NULL);
    round_of(all, &begun, &waiting);
    drain();
    printf("# %d connections, both ends: %zu bytes of heap each, %ld resident\n", many,
           (begun.heap - first.heap) / (size_t)many, (begun.resident - first.resident) / many);
    printf("# once suspended: %zu more, %ld resident\n", (waiting.heap - begun.heap) / (size_t)many,
           (waiting.resident - begun.resident) / many);
    /* The first round filled what is kept; but for the jobs, of which the thread keeps all. */
    ASYNC_cleanup_thread();
    before = heap();
    round_of(all, &begun, &waiting);
    drain();
    ASYNC_cleanup_thread();
    after = heap();
    printf("# of heap: %zu bytes before and %zu after\n", before, after);
    CHECK(after <= before + before / 100);
    printf("one half completed, the other freed: the heap is where it was\n");
    free(all);
}

/* A thread with few jobs frees more suspended connections than it has. */
static void few_jobs(void)
{
    struct connection connection;
    int i;

    CHECK(ASYNC_init_thread(3, 0) == 1);
    for (i = 0; i < 20; i++) {
        /* Every other signature is there, and nobody asked for it. */
        tell_engine(LATER_ALLOW, i % 2);
        tell_engine(LATER_IMPATIENT, 1);
        begin(&connection);
        suspend(&connection);
        if (i % 2)
            await_signature(connection.server);
        close_connection(&connection);
        tell_engine(LATER_ALLOW, -1);
        drain();
    }
    tell_engine(LATER_IMPATIENT, 0);
    begin(&connection);
    suspend(&connection);
    await_signature(connection.server);
    CHECK(handshake(&connection));
    close_connection(&connection);
    ASYNC_cleanup_thread();
    printf("20 connections freed while they wait, in a thread with 3 jobs: it has them all\n");
}

int main(int argc, char **argv)
{
    EVP_PKEY *key;

    (void)argc;
    need_exact_heap(argv);
    key = EVP_EC_gen("P-256");
    many = how_many(500);
    load_engine();
    server_ctx = engine_server(key, TLS1_3_VERSION);
    client_ctx = SSL_CTX_new(TLS_client_method());
    CHECK(client_ctx != NULL && many > 1);
    SSL_CTX_set_mode(server_ctx, SSL_MODE_ASYNC);
    few_jobs();
    all_at_once();
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(server_ctx);
    unload_engine();
    EVP_PKEY_free(key);
    ASYNC_cleanup_thread();
    return 0;
}
