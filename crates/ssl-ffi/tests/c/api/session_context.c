/* When a session is not resumed: another id context, none where clients are verified, too old, another
 * version or suite. What comes back with one that is: the peer, what verification said of it, protocols. */
#include "session_pair.h"

static void contexts(int version, uint64_t options)
{
    static const char *const names[] = { "pair", "other", "pai", "" };
    SSL_CTX *client = pair_client(version), *server = pair_server(version);
    unsigned char name[33] = "";
    SSL_SESSION *session, *last;

    printf("-- contexts, version %x, options %lx\n", version, (unsigned long)options);
    printf("32 bytes: %d\n", SSL_CTX_set_session_id_context(server, name, 32));
    printf("33 bytes: %d\n", SSL_CTX_set_session_id_context(server, name, 33));
    pair_errors("33 bytes");
    SSL_CTX_set_session_id_context(server, (const unsigned char *)"pair", 4);
    SSL_CTX_set_options(server, options);
    session = pair_run("first", client, server, NULL);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        unsigned int length = (unsigned int)strlen(names[i]);

        printf("context '%s': %d\n", names[i],
               SSL_CTX_set_session_id_context(server, (const unsigned char *)names[i], length));
        last = pair_run("again", client, server, session);
        SSL_SESSION_free(last);
    }
    SSL_CTX_set_session_id_context(server, (const unsigned char *)"pair", 4);
    {
        struct pair pair = pair_new(client, server, session);

        printf("33 bytes: %d\n", SSL_set_session_id_context(pair.server, name, 33));
        pair_errors("33 bytes");
        printf("of its own: %d\n", SSL_set_session_id_context(pair.server, (const unsigned char *)"mine", 4));
        printf("shake: %d, reused %d\n", pair_shake(&pair), SSL_session_reused(pair.server));
        pair_close(&pair);
        pair_free(&pair);
    }
    pair_counters("server", server);
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static int accept_any(int ok, X509_STORE_CTX *store)
{
    (void)ok;
    (void)store;
    return 1;
}

static void facts(const char *label, SSL *ssl)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);

    printf("%s: reused %d, certificate %d, chain %d, verified %ld\n", label, SSL_session_reused(ssl),
           SSL_get0_peer_certificate(ssl) != NULL, chain != NULL ? sk_X509_num(chain) : -1,
           SSL_get_verify_result(ssl));
}

static void clients(int version, uint64_t options, int with_context)
{
    SSL_CTX *client = pair_client(version), *server = pair_server(version);
    SSL_SESSION *session;

    printf("-- clients, version %x, options %lx, context %d\n", version, (unsigned long)options, with_context);
    pair_certify(client);
    SSL_CTX_set_options(server, options);
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any);
    if (!with_context)
        SSL_CTX_set_session_id_context(server, NULL, 0);
    session = NULL;
    for (int i = 0; i < 3; i++) {
        struct pair pair = pair_new(client, server, session);

        if (i == 2)
            SSL_set_verify(pair.server, SSL_VERIFY_NONE, NULL);
        if (pair_shake(&pair)) {
            facts("server", pair.server);
            facts("client", pair.client);
        }
        if (session == NULL)
            session = SSL_get1_session(pair.client);
        pair_close(&pair);
        pair_errors("close");
        pair_free(&pair);
    }
    pair_counters("server", server);
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static int make_old(SSL *ssl, void *arg)
{
    SSL_SESSION_set_time(SSL_get_session(ssl), *(long *)arg);
    return 1;
}

static void age(int version)
{
    SSL_CTX *client = pair_client(version), *server = pair_server(version);
    SSL_SESSION *session, *last;
    long when = 1000;
    struct pair pair;

    printf("-- age, version %x\n", version);
    SSL_CTX_set_session_ticket_cb(server, make_old, NULL, &when);
    session = pair_run("first", client, server, NULL);
    last = pair_run("old ticket", client, server, session);
    SSL_SESSION_free(last);
    SSL_SESSION_free(session);
    pair_counters("server", server);
    SSL_CTX_set_session_ticket_cb(server, NULL, NULL, NULL);
    SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
    pair = pair_new(client, server, NULL);
    pair_shake(&pair);
    session = SSL_get1_session(pair.client);
    printf("set_time: %ld\n", SSL_SESSION_set_time(SSL_get_session(pair.server), 1000));
    pair_close(&pair);
    pair_free(&pair);
    last = pair_run("old session", client, server, session);
    SSL_SESSION_free(last);
    SSL_SESSION_free(session);
    pair_counters("server", server);
    SSL_CTX_set_timeout(server, 77);
    pair = pair_new(client, server, NULL);
    pair_shake(&pair);
    pair_describe("timeout", SSL_get_session(pair.server));
    printf("default: %ld\n", SSL_get_default_timeout(pair.server));
    pair_close(&pair);
    pair_free(&pair);
    SSL_CTX_set_timeout(server, 0);
    pair = pair_new(client, server, NULL);
    pair_shake(&pair);
    pair_describe("timeout", SSL_get_session(pair.server));
    pair_close(&pair);
    pair_free(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static int choose(SSL *ssl, const unsigned char **out, unsigned char *length, const unsigned char *in,
                  unsigned int in_length, void *arg)
{
    (void)ssl;
    (void)in_length;
    (void)arg;
    *out = in + 1;
    *length = in[0];
    return SSL_TLSEXT_ERR_OK;
}

/* A session of one version is of no use to the other, nor one of a suite that is off now. */
static void settings(void)
{
    SSL_CTX *client = pair_client(TLS1_2_VERSION), *server = pair_server(TLS1_2_VERSION);
    SSL_SESSION *session, *newer, *last;

    printf("-- settings\n");
    SSL_CTX_set_alpn_protos(client, (const unsigned char *)"\2h2\10http/1.1", 12);
    SSL_CTX_set_alpn_select_cb(server, choose, NULL);
    session = pair_run("1.2", client, server, NULL);
    pair_describe("1.2", session);
    SSL_CTX_set_max_proto_version(client, TLS1_3_VERSION);
    SSL_CTX_set_max_proto_version(server, TLS1_3_VERSION);
    newer = pair_run("1.3", client, server, session);
    pair_describe("1.3", newer);
    last = pair_run("1.3 again", client, server, newer);
    SSL_SESSION_free(last);
    SSL_CTX_set_max_proto_version(server, TLS1_2_VERSION);
    last = pair_run("1.3 in 1.2", client, server, newer);
    SSL_SESSION_free(last);
    last = pair_run("1.2 again", client, server, session);
    SSL_SESSION_free(last);
    SSL_CTX_set_max_proto_version(client, TLS1_2_VERSION);
    last = pair_run("1.3 not on", client, server, newer);
    SSL_SESSION_free(last);
    last = pair_run("1.2 again", client, server, session);
    SSL_SESSION_free(last);
    SSL_CTX_set_cipher_list(server, "ECDHE-ECDSA-AES128-GCM-SHA256");
    SSL_CTX_set_cipher_list(client, "ECDHE-ECDSA-AES128-GCM-SHA256");
    last = pair_run("other suite on both", client, server, NULL);
    SSL_SESSION_free(last);
    SSL_SESSION_free(session);
    SSL_SESSION_free(newer);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void copies(void)
{
    SSL_CTX *client = pair_client(TLS1_2_VERSION), *server = pair_server(TLS1_2_VERSION);
    struct pair pair = pair_new(client, server, NULL), copy;
    SSL *twin;

    printf("-- copies\n");
    printf("shake: %d\n", pair_shake(&pair));
    copy = pair_new(client, server, NULL);
    printf("copy: %d\n", SSL_copy_session_id(copy.client, pair.client));
    printf("same: %d\n", SSL_get_session(copy.client) == SSL_get_session(pair.client));
    twin = SSL_dup(copy.client);
    printf("dup: %d\n", SSL_get_session(twin) == SSL_get_session(pair.client));
    SSL_free(twin);
    pair_close(&pair);
    printf("shake: %d, reused %d\n", pair_shake(&copy), SSL_session_reused(copy.client));
    pair_close(&copy);
    /* A connection that is used again offers the session that it had. */
    SSL_clear(copy.client);
    SSL_clear(copy.server);
    printf("clear: session %d %d\n", SSL_get_session(copy.client) != NULL, SSL_get_session(copy.server) != NULL);
    printf("cleared: reused %d\n", SSL_session_reused(copy.client));
    printf("set to none: %d, session %d\n", SSL_set_session(pair.client, NULL),
           SSL_get_session(pair.client) != NULL);
    pair_free(&pair);
    pair_free(&copy);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static int accept_name(SSL *ssl, int *alert, void *arg)
{
    (void)ssl;
    (void)alert;
    (void)arg;
    return SSL_TLSEXT_ERR_OK;
}

static void names(int version)
{
    SSL_CTX *client = pair_client(version), *server = pair_server(version);
    SSL_SESSION *session = NULL;

    printf("-- names, version %x\n", version);
    SSL_CTX_set_tlsext_servername_callback(server, accept_name);
    for (int i = 0; i < 2; i++) {
        struct pair pair = pair_new(client, server, session);
        const char *name;

        SSL_set_tlsext_host_name(pair.client, "host.example");
        printf("shake: %d, reused %d\n", pair_shake(&pair), SSL_session_reused(pair.server));
        name = SSL_SESSION_get0_hostname(SSL_get_session(pair.client));
        printf("client: %s\n", name != NULL ? name : "none");
        name = SSL_SESSION_get0_hostname(SSL_get_session(pair.server));
        printf("server: %s\n", name != NULL ? name : "none");
        if (session == NULL)
            session = SSL_get1_session(pair.client);
        pair_close(&pair);
        pair_free(&pair);
    }
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* With early data a session is for one use, unless the application sees to it itself. */
static void early(uint64_t options)
{
    SSL_CTX *client = pair_client(TLS1_3_VERSION), *server = pair_server(TLS1_3_VERSION);
    SSL_SESSION *session, *last;

    printf("-- early data, options %lx\n", (unsigned long)options);
    SSL_CTX_set_options(server, options);
    SSL_CTX_set_max_early_data(server, 100);
    session = pair_run("first", client, server, NULL);
    for (int i = 0; i < 2; i++) {
        last = pair_run("again", client, server, session);
        SSL_SESSION_free(last);
    }
    pair_counters("server", server);
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

int main(void)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        contexts(version, 0);
        contexts(version, SSL_OP_NO_TICKET);
        for (int with_context = 1; with_context >= 0; with_context--) {
            clients(version, 0, with_context);
            clients(version, SSL_OP_NO_TICKET, with_context);
        }
        age(version);
        names(version);
    }
    settings();
    early(0);
    early(SSL_OP_NO_ANTI_REPLAY);
    copies();
    return 0;
}
