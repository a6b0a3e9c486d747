/* Resumption by ticket and by what the server keeps, in both versions; what the sessions are like on both
 * sides, before and after; sessions that were written and read again. */
#include "session_pair.h"

static SSL_SESSION *again(SSL_SESSION *session)
{
    unsigned char *der = NULL;
    const unsigned char *at;
    int length = i2d_SSL_SESSION(session, &der);
    SSL_SESSION *back;

    at = der;
    back = d2i_SSL_SESSION(NULL, &at, length);
    printf("read again: %d\n", back != NULL && at == der + length);
    OPENSSL_free(der);
    return back;
}

static void show(const char *label, struct pair *pair)
{
    char name[64];

    printf("%s: reused %d %d, verified %ld, certificate %d\n", label, SSL_session_reused(pair->client),
           SSL_session_reused(pair->server), SSL_get_verify_result(pair->client),
           SSL_get0_peer_certificate(pair->client) != NULL);
    snprintf(name, sizeof(name), "%s: client", label);
    pair_describe(name, SSL_get_session(pair->client));
    snprintf(name, sizeof(name), "%s: server", label);
    pair_describe(name, SSL_get_session(pair->server));
}

static void run(int version, uint64_t options)
{
    SSL_CTX *client = pair_client(version), *server = pair_server(version);
    SSL_SESSION *session, *stored, *last;
    struct pair pair;

    printf("-- version %x, options %lx\n", version, (unsigned long)options);
    SSL_CTX_set_options(server, options);
    pair = pair_new(client, server, NULL);
    printf("before: session %d %d\n", SSL_get_session(pair.client) != NULL,
           SSL_get_session(pair.server) != NULL);
    printf("shake: %d\n", pair_shake(&pair));
    show("first", &pair);
    session = SSL_get1_session(pair.client);
    pair_close(&pair);
    pair_free(&pair);
    pair_describe("kept", session);

    pair = pair_new(client, server, session);
    printf("set: session %d\n", SSL_get_session(pair.client) == session);
    printf("shake: %d\n", pair_shake(&pair));
    show("second", &pair);
    printf("same session: %d\n", SSL_get_session(pair.client) == session);
    pair_close(&pair);
    pair_free(&pair);

    stored = again(session);
    pair_describe("stored", stored);
    last = pair_run("third", client, server, stored);
    SSL_SESSION_free(last);
    last = pair_run("fourth", client, server, session);
    pair_describe("fourth", last);
    SSL_SESSION_free(last);

    /* A connection that does not end in order takes its session with it. */
    pair = pair_new(client, server, session);
    printf("shake: %d\n", pair_shake(&pair));
    printf("unclosed: reused %d\n", SSL_session_reused(pair.client));
    last = SSL_get1_session(pair.client);
    pair_free(&pair);
    printf("unclosed: resumable %d, the first %d\n", SSL_SESSION_is_resumable(last),
           SSL_SESSION_is_resumable(session));
    SSL_SESSION_free(last);
    last = pair_run("after that", client, server, stored);
    SSL_SESSION_free(last);

    pair_counters("client", client);
    pair_counters("server", server);
    SSL_SESSION_free(stored);
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    pair_errors("left");
}

int main(void)
{
    run(TLS1_2_VERSION, 0);
    run(TLS1_2_VERSION, SSL_OP_NO_TICKET);
    run(TLS1_3_VERSION, 0);
    run(TLS1_3_VERSION, SSL_OP_NO_TICKET);
    return 0;
}
