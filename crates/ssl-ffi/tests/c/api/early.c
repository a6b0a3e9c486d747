/* Early data: what each call gives in each state, on both sides, and what becomes of the data. */
#include "session_pair.h"

static SSL_CTX *client_ctx, *server_ctx;
static char early_text[50000], got[60000];

static void state(const char *label, SSL *ssl)
{
    printf("  %s: status %d, in_init %d, finished %d, before %d\n", label, SSL_get_early_data_status(ssl),
           SSL_in_init(ssl), SSL_is_init_finished(ssl), SSL_in_before(ssl));
}

static void write_early(const char *label, SSL *ssl, const void *data, size_t len)
{
    size_t written = 77;
    int result = SSL_write_early_data(ssl, data, len, &written);

    printf("  %s writes %zu early: %d, written %zu, error %d\n", label, len, result, written,
           result > 0 ? 0 : SSL_get_error(ssl, result));
    pair_errors(label);
}

static int read_early(SSL *ssl, size_t len)
{
    size_t read = 77;
    int result = SSL_read_early_data(ssl, got, len, &read);

    printf("  server reads early: %d, read %zu, error %d\n", result, read,
           result > 0 ? 0 : SSL_get_error(ssl, result));
    pair_errors("server");
    return result;
}

/* Reads until there is no more for now; how many bytes, and how it ended. */
static int drain_early(SSL *ssl)
{
    size_t total = 0, read = 0;
    int result, good = 1;

    while ((result = SSL_read_early_data(ssl, got, sizeof(got), &read)) == SSL_READ_EARLY_DATA_SUCCESS) {
        good &= memcmp(got, early_text + total, read) == 0;
        total += read;
    }
    printf("  server drains early: %zu bytes, as sent %d, end %d\n", total, good, result);
    if (result == SSL_READ_EARLY_DATA_ERROR)
        printf("  error %d\n", SSL_get_error(ssl, 0));
    pair_errors("server");
    return result;
}

static SSL_SESSION *session_for_early(const char *label)
{
    SSL_SESSION *session = pair_run(label, client_ctx, server_ctx, NULL);

    printf("  session allows %u\n", SSL_SESSION_get_max_early_data(session));
    return session;
}

static void finish(struct pair *pair)
{
    printf("  finished %d, reused %d %d\n", pair_shake(pair), SSL_session_reused(pair->client),
           SSL_session_reused(pair->server));
    state("client", pair->client);
    state("server", pair->server);
}

static void end(struct pair *pair)
{
    pair_close(pair);
    pair_free(pair);
}

static void settings(void)
{
    SSL *ssl = SSL_new(server_ctx);

    printf("settings\n");
    printf("  %u %u\n", SSL_CTX_get_max_early_data(server_ctx), SSL_CTX_get_recv_max_early_data(server_ctx));
    printf("  %u %u\n", SSL_get_max_early_data(ssl), SSL_get_recv_max_early_data(ssl));
    SSL_set_max_early_data(ssl, 5);
    SSL_set_recv_max_early_data(ssl, 6);
    printf("  %u %u\n", SSL_get_max_early_data(ssl), SSL_get_recv_max_early_data(ssl));
    SSL_free(ssl);
}

static void refused(void)
{
    struct pair pair = pair_new(client_ctx, server_ctx, NULL);
    size_t n;

    printf("refused\n");
    write_early("client", pair.client, "x", 1);
    write_early("server", pair.server, "x", 1);
    printf("  client reads: %d\n", SSL_read_early_data(pair.client, got, 10, &n));
    pair_errors("client");
    state("client", pair.client);
    finish(&pair);
    write_early("client", pair.client, "x", 1);
    write_early("server", pair.server, "x", 1);
    read_early(pair.server, 10);
    SSL_write(pair.client, "data", 4);
    printf("  still works: %d\n", SSL_read(pair.server, got, 10));
    end(&pair);
}

static void accepted(void)
{
    SSL_SESSION *session = session_for_early("accepted");
    struct pair pair = pair_new(client_ctx, server_ctx, session);
    int n;

    state("client", pair.client);
    write_early("client", pair.client, early_text, 20000);
    state("client", pair.client);
    write_early("client", pair.client, early_text + 20000, 100);
    write_early("client", pair.client, early_text, 0);
    state("server", pair.server);
    read_early(pair.server, 1000);
    state("server", pair.server);
    n = SSL_write(pair.server, "x", 1);
    printf("  server writes: %d %d\n", n, SSL_get_error(pair.server, n));
    pair_errors("server");
    write_early("server", pair.server, "early answer", 12);
    state("server", pair.server);
    for (int i = 0; i < 3; i++)
        read_early(pair.server, sizeof(got));
    printf("  client shakes: %d\n", SSL_do_handshake(pair.client));
    n = SSL_read(pair.client, got, sizeof(got));
    printf("  client reads %d: %.*s\n", n, n > 0 ? n : 0, got);
    state("client", pair.client);
    finish(&pair);
    end(&pair);
    SSL_SESSION_free(session);
}

static void client_goes_on(void)
{
    SSL_SESSION *session = session_for_early("client goes on");
    struct pair pair = pair_new(client_ctx, server_ctx, session);
    int n;

    write_early("client", pair.client, early_text, 10);
    n = SSL_do_handshake(pair.client);
    printf("  client shakes: %d %d\n", n, SSL_get_error(pair.client, n));
    state("client", pair.client);
    write_early("client", pair.client, early_text, 10);
    drain_early(pair.server);
    n = SSL_do_handshake(pair.client);
    printf("  client shakes: %d\n", n);
    drain_early(pair.server);
    state("server", pair.server);
    write_early("server", pair.server, "half", 4);
    read_early(pair.server, 10);
    finish(&pair);
    end(&pair);
    SSL_SESSION_free(session);
}

static void not_read(void)
{
    SSL_SESSION *session = session_for_early("not read");
    struct pair pair = pair_new(client_ctx, server_ctx, session);

    write_early("client", pair.client, early_text, 9000);
    write_early("client", pair.client, early_text, 7000);
    finish(&pair);
    read_early(pair.server, 10);
    end(&pair);
    SSL_SESSION_free(session);
}

/* A client retires a session that it has used. This one does not know. */
static struct pair pair_with_copy(SSL_SESSION *session)
{
    unsigned char *bytes = NULL;
    int len = i2d_SSL_SESSION(session, &bytes);
    const unsigned char *at = bytes;
    SSL_SESSION *copy = d2i_SSL_SESSION(NULL, &at, len);
    struct pair pair = pair_new(client_ctx, server_ctx, copy);

    SSL_SESSION_free(copy);
    OPENSSL_free(bytes);
    return pair;
}

static void replayed(void)
{
    SSL_SESSION *session = session_for_early("replayed");
    struct pair pair = pair_with_copy(session);

    write_early("client", pair.client, early_text, 100);
    drain_early(pair.server);
    finish(&pair);
    end(&pair);
    printf("again\n");
    pair = pair_with_copy(session);
    write_early("client", pair.client, early_text, 100);
    drain_early(pair.server);
    state("server", pair.server);
    finish(&pair);
    end(&pair);
    SSL_SESSION_free(session);
}

static void unguarded(void)
{
    SSL_SESSION *session;

    SSL_CTX_set_options(server_ctx, SSL_OP_NO_ANTI_REPLAY);
    session = session_for_early("unguarded");
    for (int i = 0; i < 2; i++) {
        struct pair pair = pair_with_copy(session);

        write_early("client", pair.client, early_text, 100);
        drain_early(pair.server);
        finish(&pair);
        end(&pair);
    }
    SSL_CTX_clear_options(server_ctx, SSL_OP_NO_ANTI_REPLAY);
    SSL_SESSION_free(session);
}

static int allow(SSL *ssl, void *arg)
{
    printf("  asked: %d, reused %d, server %d\n", *(int *)arg, SSL_session_reused(ssl), SSL_is_server(ssl));
    return *(int *)arg;
}

static void asked(void)
{
    for (int answer = 0; answer < 2; answer++) {
        SSL_SESSION *session = session_for_early("asked");
        struct pair pair = pair_new(client_ctx, server_ctx, session);

        SSL_set_allow_early_data_cb(pair.server, allow, &answer);
        write_early("client", pair.client, early_text, 100);
        drain_early(pair.server);
        finish(&pair);
        end(&pair);
        SSL_SESSION_free(session);
    }
}

static void limits(void)
{
    SSL_SESSION *session = session_for_early("too much for the session");
    struct pair pair = pair_new(client_ctx, server_ctx, session);
    int n;

    SSL_SESSION_set_max_early_data(session, 1000);
    write_early("client", pair.client, early_text, 1000);
    write_early("client", pair.client, early_text, 1);
    n = SSL_do_handshake(pair.client);
    printf("  client shakes: %d %d\n", n, SSL_get_error(pair.client, n));
    pair_errors("client");
    pair_free(&pair);
    SSL_SESSION_free(session);

    session = session_for_early("none left in the session");
    SSL_SESSION_set_max_early_data(session, 0);
    pair = pair_new(client_ctx, server_ctx, session);
    write_early("client", pair.client, early_text, 1);
    finish(&pair);
    end(&pair);
    SSL_SESSION_free(session);

    session = session_for_early("too much for the server");
    pair = pair_new(client_ctx, server_ctx, session);
    SSL_set_recv_max_early_data(pair.server, 500);
    write_early("client", pair.client, early_text, 501);
    drain_early(pair.server);
    n = SSL_do_handshake(pair.client);
    printf("  client shakes: %d\n", n);
    n = SSL_read(pair.client, got, 10);
    printf("  client reads: %d %d\n", n, SSL_get_error(pair.client, n));
    pair_errors("client");
    pair_free(&pair);
    SSL_SESSION_free(session);

    session = session_for_early("too much to skip");
    pair = pair_new(client_ctx, server_ctx, session);
    SSL_set_recv_max_early_data(pair.server, 500);
    write_early("client", pair.client, early_text, 5000);
    n = SSL_accept(pair.server);
    printf("  server accepts: %d %d\n", n, SSL_get_error(pair.server, n));
    pair_errors("server");
    pair_free(&pair);
    SSL_SESSION_free(session);
}

static void blocked(void)
{
    SSL_SESSION *session = session_for_early("blocked");
    struct pair pair = pair_new(client_ctx, server_ctx, session);
    BIO *to_server, *to_client;
    size_t written = 77;
    int result = 0, again = 0;

    SSL_set_mode(pair.client, SSL_MODE_ENABLE_PARTIAL_WRITE);
    BIO_new_bio_pair(&to_server, 3000, &to_client, 3000);
    SSL_set_bio(pair.client, to_server, to_server);
    SSL_set_bio(pair.server, to_client, to_client);
    result = SSL_write_early_data(pair.client, early_text, 40000, &written);
    printf("  %d %zu, error %d\n", result, written, SSL_get_error(pair.client, result));
    pair_errors("client");
    while (result != 1 && again++ < 100) {
        size_t read;

        SSL_read_early_data(pair.server, got, 1, &read);
        ERR_clear_error();
        result = SSL_write_early_data(pair.client, early_text, 40000, &written);
    }
    printf("  at last %d %zu, more than once %d\n", result, written, again > 1);
    end(&pair);
    SSL_SESSION_free(session);
}

static void older_version(void)
{
    SSL_CTX *old = pair_server(TLS1_2_VERSION);
    SSL_CTX *any = pair_client(TLS1_2_VERSION);
    struct pair pair = pair_new(any, old, NULL);

    printf("TLS 1.2\n");
    SSL_CTX_set_max_early_data(old, 1000);
    SSL_do_handshake(pair.client);
    read_early(pair.server, 10);
    SSL_do_handshake(pair.client);
    read_early(pair.server, 10);
    state("server", pair.server);
    read_early(pair.server, 10);
    finish(&pair);
    end(&pair);
    SSL_CTX_free(old);
    SSL_CTX_free(any);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(early_text); i++)
        early_text[i] = (char)('a' + i * 7 % 26);
    client_ctx = pair_client(TLS1_3_VERSION);
    server_ctx = pair_server(TLS1_3_VERSION);
    SSL_CTX_set_session_cache_mode(client_ctx, SSL_SESS_CACHE_CLIENT);
    settings();
    refused();
    SSL_CTX_set_max_early_data(server_ctx, 45000);
    SSL_CTX_set_recv_max_early_data(server_ctx, 45000);
    settings();
    accepted();
    client_goes_on();
    not_read();
    replayed();
    unguarded();
    asked();
    limits();
    blocked();
    older_version();
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(server_ctx);
    EVP_PKEY_free(pair_key);
    X509_free(pair_certificate);
    return 0;
}
