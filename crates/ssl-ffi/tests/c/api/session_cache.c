/* The cache of a context and the application's: who hears of a session, when, and who keeps it. */
#include "session_pair.h"

static SSL_SESSION *kept[16];
static int number, takes, copies;

static int find(const SSL_SESSION *session)
{
    unsigned int length, other;
    const unsigned char *id = SSL_SESSION_get_id(session, &length);

    for (int i = 0; i < number; i++) {
        const unsigned char *known = SSL_SESSION_get_id(kept[i], &other);

        if (other == length && memcmp(known, id, length) == 0)
            return i;
    }
    return -1;
}

static int on_new(SSL *ssl, SSL_SESSION *session)
{
    unsigned int length;

    SSL_SESSION_get_id(session, &length);
    printf("  new: %s, id %u, its session %d, resumable %d\n",
           SSL_is_server(ssl) ? "server" : "client", length, SSL_get_session(ssl) == session,
           SSL_SESSION_is_resumable(session));
    if (takes)
        kept[number++] = session;
    return takes;
}

static void on_remove(SSL_CTX *ctx, SSL_SESSION *session)
{
    printf("  remove: context %d, resumable %d\n", ctx != NULL, SSL_SESSION_is_resumable(session));
}

static SSL_SESSION *on_get(SSL *ssl, const unsigned char *id, int length, int *copy)
{
    SSL_SESSION *found = NULL;

    printf("  get: server %d, id %d, copy %d\n", SSL_is_server(ssl), length, *copy);
    for (int i = 0; i < number && found == NULL; i++) {
        unsigned int known;
        const unsigned char *its = SSL_SESSION_get_id(kept[i], &known);

        if (known == (unsigned int)length && memcmp(its, id, known) == 0)
            found = kept[i];
    }
    if (found != NULL && !copies)
        SSL_SESSION_up_ref(found);
    *copy = copies;
    return found;
}

static void forget(void)
{
    while (number > 0)
        SSL_SESSION_free(kept[--number]);
}

static void callbacks(SSL_CTX *ctx)
{
    SSL_CTX_sess_set_new_cb(ctx, on_new);
    SSL_CTX_sess_set_remove_cb(ctx, on_remove);
    SSL_CTX_sess_set_get_cb(ctx, on_get);
    printf("callbacks: %d %d %d\n", SSL_CTX_sess_get_new_cb(ctx) == on_new,
           SSL_CTX_sess_get_remove_cb(ctx) == on_remove, SSL_CTX_sess_get_get_cb(ctx) == on_get);
}

static void server_side(int version, uint64_t options, long mode, int copy)
{
    SSL_CTX *client = pair_client(version), *server = pair_server(version);
    SSL_SESSION *session, *last;

    printf("-- server: version %x, options %lx, mode %lx, copy %d\n", version, (unsigned long)options, mode,
           copy);
    SSL_CTX_set_options(server, options);
    SSL_CTX_set_session_cache_mode(server, mode);
    callbacks(server);
    takes = copies = copy;
    if (mode & SSL_SESS_CACHE_NO_INTERNAL)
        takes = 1;
    session = pair_run("first", client, server, NULL);
    last = pair_run("second", client, server, session);
    SSL_SESSION_free(last);
    last = pair_run("third", client, server, session);
    SSL_SESSION_free(last);
    pair_counters("server", server);
    printf("flush at 1\n");
    SSL_CTX_flush_sessions(server, 1);
    printf("flush at the end\n");
    SSL_CTX_flush_sessions(server, SSL_SESSION_get_time(session) + 100000);
    last = pair_run("after the flush", client, server, session);
    SSL_SESSION_free(last);
    SSL_SESSION_free(session);
    forget();
    printf("free\n");
    SSL_CTX_free(server);
    SSL_CTX_free(client);
    pair_errors("left");
}

static void client_side(int version, long mode)
{
    SSL_CTX *client = pair_client(version), *server = pair_server(version);
    SSL_SESSION *session, *last;

    printf("-- client: version %x, mode %lx\n", version, mode);
    printf("modes: %ld %ld\n", SSL_CTX_set_session_cache_mode(client, mode),
           SSL_CTX_get_session_cache_mode(client));
    callbacks(client);
    takes = 1;
    session = pair_run("first", client, server, NULL);
    printf("kept %d, found %d\n", number, session == NULL ? -2 : find(session));
    pair_counters("client", client);
    last = pair_run("second", client, server, session);
    printf("the first: resumable %d; kept %d, found %d\n", SSL_SESSION_is_resumable(session), number,
           last == NULL ? -2 : find(last));
    SSL_SESSION_free(last);
    last = pair_run("third", client, server, session);
    SSL_SESSION_free(last);
    if (number > 0) {
        last = pair_run("the last kept", client, server, kept[number - 1]);
        SSL_SESSION_free(last);
    }
    printf("remove: %d\n", SSL_CTX_remove_session(client, session));
    printf("add: %d\n", SSL_CTX_add_session(client, session));
    printf("again: %d\n", SSL_CTX_add_session(client, session));
    printf("remove: %d\n", SSL_CTX_remove_session(client, session));
    pair_counters("client", client);
    SSL_SESSION_free(session);
    forget();
    printf("free\n");
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    pair_errors("left");
}

/* A connection that is freed without a close takes its session out of the cache; so does an alert. */
static void removal(int version)
{
    SSL_CTX *client = pair_client(version), *server = pair_server(version);
    struct pair pair;

    printf("-- removal: version %x\n", version);
    SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
    SSL_CTX_sess_set_remove_cb(server, on_remove);
    pair = pair_new(client, server, NULL);
    pair_shake(&pair);
    printf("number %ld\n", SSL_CTX_sess_number(server));
    pair_free(&pair);
    printf("unclosed: number %ld\n", SSL_CTX_sess_number(server));
    pair = pair_new(client, server, NULL);
    pair_shake(&pair);
    SSL_set_quiet_shutdown(pair.server, 1);
    printf("quiet: %d\n", SSL_shutdown(pair.server));
    pair_free(&pair);
    printf("quiet: number %ld\n", SSL_CTX_sess_number(server));
    pair = pair_new(client, server, NULL);
    pair_shake(&pair);
    printf("clear: %d, session %d\n", SSL_clear(pair.server), SSL_get_session(pair.server) != NULL);
    printf("clear: number %ld\n", SSL_CTX_sess_number(server));
    pair_free(&pair);
    pair = pair_new(client, server, NULL);
    pair_shake(&pair);
    BIO_write(SSL_get_wbio(pair.client), "\x17\x03\x03\x00\x20 this is no record that anybody sealed", 37);
    {
        char byte;
        int got = SSL_read(pair.server, &byte, 1);

        printf("forged: %d, error %d\n", got, SSL_get_error(pair.server, got));
    }
    ERR_clear_error();
    printf("forged: number %ld\n", SSL_CTX_sess_number(server));
    pair_free(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void sizes(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());

    printf("-- sizes\n");
    printf("size %ld, mode %ld, timeout %ld\n", SSL_CTX_sess_get_cache_size(ctx),
           SSL_CTX_get_session_cache_mode(ctx), SSL_CTX_get_timeout(ctx));
    printf("size: %ld %ld\n", SSL_CTX_sess_set_cache_size(ctx, 3), SSL_CTX_sess_get_cache_size(ctx));
    printf("timeout: %ld %ld\n", SSL_CTX_set_timeout(ctx, 5), SSL_CTX_get_timeout(ctx));
    printf("timeout: %ld %ld\n", SSL_CTX_set_timeout(ctx, -5), SSL_CTX_get_timeout(ctx));
    printf("timeout: %ld %ld\n", SSL_CTX_set_timeout(ctx, 0), SSL_CTX_get_timeout(ctx));
    SSL_CTX_sess_set_remove_cb(ctx, on_remove);
    for (int i = 0; i < 5; i++) {
        SSL_SESSION *session = SSL_SESSION_new();
        unsigned char id = (unsigned char)i;

        SSL_SESSION_set1_id(session, &id, 1);
        SSL_SESSION_set_time(session, 1000 + i);
        printf("add: %d\n", SSL_CTX_add_session(ctx, session));
        SSL_SESSION_free(session);
    }
    pair_counters("ctx", ctx);
    printf("table: %lu\n", OPENSSL_LH_num_items((OPENSSL_LHASH *)SSL_CTX_sessions(ctx)));
    SSL_CTX_free(ctx);
}

int main(void)
{
    sizes();
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        for (int copy = 0; copy < 2; copy++) {
            server_side(version, 0, SSL_SESS_CACHE_SERVER, copy);
            server_side(version, SSL_OP_NO_TICKET, SSL_SESS_CACHE_SERVER, copy);
            server_side(version, SSL_OP_NO_TICKET, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL, copy);
            server_side(version, SSL_OP_NO_TICKET, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL_LOOKUP,
                        copy);
            server_side(version, SSL_OP_NO_TICKET, SSL_SESS_CACHE_OFF, copy);
        }
        client_side(version, SSL_SESS_CACHE_OFF);
        client_side(version, SSL_SESS_CACHE_CLIENT);
        client_side(version, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        client_side(version, SSL_SESS_CACHE_BOTH);
        removal(version);
    }
    return 0;
}
