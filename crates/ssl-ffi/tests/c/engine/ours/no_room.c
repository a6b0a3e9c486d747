/*
 * A process that may map no more memory, as one with some 30,000 handshakes that wait (vm.max_map_count): each
 * has a stack of its own. One that gets none fails with an error that says so; those that have theirs go
 * on, and so do new ones when there is room again. OpenSSL maps nothing.
 */
#include "../engine_server.h"

#include <sched.h>

#define MOST 100

static SSL_CTX *client_ctx, *server_ctx;

/* Pages of which every second is protected otherwise: each is a mapping. */
static struct {
    unsigned char *at;
    size_t size;
} wall;

static void use_all_mappings(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), offset;

    wall.size = 4000000 * page;
    wall.at = mmap(NULL, wall.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(wall.at != MAP_FAILED);
    for (offset = page; offset < wall.size; offset += 2 * page)
        if (mprotect(wall.at + offset, page, PROT_READ) != 0)
            return;
    CHECK(!"there is a limit");
}

static void give_back_mappings(void)
{
    CHECK(munmap(wall.at, wall.size) == 0);
}

static void begin(struct connection *connection)
{
    open_connection(connection, client_ctx, server_ctx, TLS1_3_VERSION, NULL, BIO_PAIR);
    SSL_set_verify(connection->client, SSL_VERIFY_NONE, NULL);
    CHECK(is_retry(connection->client, SSL_do_handshake(connection->client)));
}

/* Whether it waits for its signature now; if not, it failed. */
static int suspend(struct connection *connection)
{
    int result = SSL_do_handshake(connection->server);
    int error = SSL_get_error(connection->server, result);

    CHECK(error == SSL_ERROR_WANT_ASYNC || error == SSL_ERROR_SSL);
    return error == SSL_ERROR_WANT_ASYNC;
}

int main(void)
{
    static struct connection all[MOST];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    const char *data;
    unsigned long error;
    int suspended = 0, flags, i;

    load_engine();
    server_ctx = engine_server(key, TLS1_3_VERSION);
    client_ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(server_ctx, SSL_MODE_ASYNC);
    for (i = 0; i < MOST; i++)
        begin(&all[i]);
    tell_engine(LATER_ALLOW, 0);
    use_all_mappings();
    while (suspended < MOST && suspend(&all[suspended]))
        suspended++;
    give_back_mappings();
    CHECK(suspended < MOST);
    error = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);
    printf("a handshake without a stack: %s, %s\n", ERR_reason_error_string(error), data);
    CHECK(ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE && ERR_get_error() == 0);
    for (i = suspended + 1; i < MOST; i++)
        CHECK(suspend(&all[i]));
    tell_engine(LATER_ALLOW, -1);
    for (i = 0; i < MOST; i++) {
        while (i != suspended && SSL_do_handshake(all[i].server) == -1
               && SSL_want_async(all[i].server))
            sched_yield();
        CHECK(i == suspended || handshake(&all[i]));
        close_connection(&all[i]);
    }
    printf("the others are through\n");
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(server_ctx);
    EVP_PKEY_free(key);
    unload_engine();
    ASYNC_cleanup_thread();
    return 0;
}
