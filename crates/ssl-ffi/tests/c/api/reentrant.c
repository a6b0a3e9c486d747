/* Callbacks of every kind that call back: each looks at the connection and its context and changes them. */
#include "session_pair.h"

#include <openssl/core_names.h>

enum kind {
    INFO, MESSAGE, EXTENSION, KEY_LOG, HELLO, SERVER_NAME, ALPN, STATUS, CERTIFICATE,
    VERIFY, REPLACED_VERIFY, SECURITY, NEW_SESSION, REMOVED_SESSION, FIND_SESSION, TICKET_KEYS,
    MAKE_TICKET, READ_TICKET, SESSION_ID, NOT_RESUMABLE, TRANSPORT, NEW_DATA, COPY_DATA,
    FREE_DATA, FREE_CERTIFICATE, KINDS
};

static const char *const names[KINDS] = {
    "info", "message", "extension", "key log", "ClientHello", "server name", "ALPN", "status",
    "certificate", "verification", "replaced verification", "security",
    "new session", "removed session", "session looked for", "ticket keys", "ticket made",
    "ticket read", "session id", "not resumable", "BIO", "data made",
    "data copied", "data freed", "certificate freed",
};

static int called[KINDS], depth;
static SSL *client, *server;
static SSL_CTX *client_ctx, *server_ctx;

/* What is expected, or a line that says otherwise. */
static void expect(enum kind kind, const char *what, int is_so)
{
    if (!is_so)
        printf("%s: %s\n", names[kind], what);
}

static void poke_ctx(enum kind kind, SSL_CTX *ctx)
{
    uint64_t options = SSL_CTX_get_options(ctx);
    SSL *other;

    expect(kind, "context: options",
           SSL_CTX_clear_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT) == (options & ~SSL_OP_LEGACY_SERVER_CONNECT));
    expect(kind, "context: options again", SSL_CTX_set_options(ctx, options) == options);
    expect(kind, "context: mode", SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY) & SSL_MODE_AUTO_RETRY);
    expect(kind, "context: id context", SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"pair", 4));
    expect(kind, "context: suites", SSL_CTX_get_ciphers(ctx) != NULL);
    expect(kind, "context: certificate", SSL_CTX_use_certificate(ctx, pair_certificate));
    expect(kind, "context: key", SSL_CTX_use_PrivateKey(ctx, pair_key));
    expect(kind, "context: chain", SSL_CTX_clear_chain_certs(ctx));
    /* OpenSSL does not keep the store that a verification uses. */
    if (kind != VERIFY && kind != REPLACED_VERIFY) {
        X509_STORE *store = X509_STORE_new();

        SSL_CTX_set_cert_store(ctx, store);
        expect(kind, "context: store", SSL_CTX_get_cert_store(ctx) == store);
    }
    SSL_CTX_set_timeout(ctx, SSL_CTX_get_timeout(ctx));
    expect(kind, "context: sessions", SSL_CTX_sess_number(ctx) >= 0);
    /* A context that is being freed can have no other connection. */
    if (kind != REMOVED_SESSION) {
        other = SSL_new(ctx);
        expect(kind, "context: another connection", other != NULL);
        SSL_free(other);
    }
}

static void poke_ssl(enum kind kind, SSL *ssl)
{
    uint64_t options = SSL_get_options(ssl);
    /* OpenSSL's connections know what is being freed until it is. */
    int has_whole_parts = kind != NEW_DATA && kind != FREE_DATA && kind != FREE_CERTIFICATE;
    SSL_SESSION *session = has_whole_parts ? SSL_get1_session(ssl) : NULL;
    X509 *peer = has_whole_parts ? SSL_get1_peer_certificate(ssl) : NULL;

    expect(kind, "options",
           SSL_clear_options(ssl, SSL_OP_LEGACY_SERVER_CONNECT) == (options & ~SSL_OP_LEGACY_SERVER_CONNECT));
    expect(kind, "options again", SSL_set_options(ssl, options) == options);
    expect(kind, "mode", SSL_set_mode(ssl, SSL_MODE_AUTO_RETRY) & SSL_MODE_AUTO_RETRY);
    expect(kind, "id context", SSL_set_session_id_context(ssl, (const unsigned char *)"pair", 4));
    SSL_set_verify(ssl, SSL_get_verify_mode(ssl), SSL_get_verify_callback(ssl));
    expect(kind, "security level", SSL_get_security_level(ssl) >= 0);
    SSL_set_security_level(ssl, SSL_get_security_level(ssl));
    expect(kind, "suites", SSL_get_ciphers(ssl) != NULL);
    expect(kind, "state", SSL_state_string_long(ssl) != NULL);
    expect(kind, "version", SSL_version(ssl) != 0);
    expect(kind, "certificate", SSL_use_certificate(ssl, pair_certificate));
    expect(kind, "key", SSL_use_PrivateKey(ssl, pair_key));
    expect(kind, "data", SSL_set_ex_data(ssl, 0, SSL_get_ex_data(ssl, 0)));
    expect(kind, "protocols", SSL_set_alpn_protos(ssl, (const unsigned char *)"\2h2", 3) == 0);
    expect(kind, "buffers", SSL_pending(ssl) == 0);
    expect(kind, "chain", SSL_get_peer_cert_chain(ssl) != NULL || peer == NULL || SSL_is_server(ssl));
    expect(kind, "count", SSL_up_ref(ssl));
    SSL_free(ssl);
    X509_free(peer);
    SSL_SESSION_free(session);
}

/* Errors of the pokes are nobody's. */
static void poke(enum kind kind, const SSL *ssl, SSL_CTX *ctx)
{
    called[kind]++;
    if (depth > 0)
        return;
    depth++;
    ERR_set_mark();
    if (ssl != NULL)
        poke_ssl(kind, (SSL *)ssl);
    if (ssl != NULL || ctx != NULL)
        poke_ctx(kind, ctx != NULL ? ctx : SSL_get_SSL_CTX(ssl));
    ERR_pop_to_mark();
    depth--;
}

static void on_info(const SSL *ssl, int where, int value)
{
    poke(INFO, ssl, NULL);
}

static void on_message(int writes, int version, int type, const void *bytes, size_t len, SSL *ssl, void *arg)
{
    poke(MESSAGE, ssl, NULL);
}

static void on_extension(SSL *ssl, int of_client, int type, const unsigned char *data, int len, void *arg)
{
    poke(EXTENSION, ssl, NULL);
}

static void on_key_log(const SSL *ssl, const char *line)
{
    poke(KEY_LOG, ssl, NULL);
}

static int on_hello(SSL *ssl, int *alert, void *arg)
{
    poke(HELLO, ssl, NULL);
    return SSL_CLIENT_HELLO_SUCCESS;
}

static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    poke(SERVER_NAME, ssl, NULL);
    return SSL_TLSEXT_ERR_OK;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *len, const unsigned char *in,
                   unsigned int in_len, void *arg)
{
    poke(ALPN, ssl, NULL);
    *out = in + 1;
    *len = in[0];
    return SSL_TLSEXT_ERR_OK;
}

static int on_status(SSL *ssl, void *arg)
{
    poke(STATUS, ssl, NULL);
    return SSL_is_server(ssl) ? SSL_TLSEXT_ERR_NOACK : 1;
}

static int on_certificate(SSL *ssl, void *arg)
{
    poke(CERTIFICATE, ssl, NULL);
    return 1;
}

static int on_verify(int ok, X509_STORE_CTX *store)
{
    poke(VERIFY, X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()), NULL);
    return 1;
}

static int on_replaced_verify(X509_STORE_CTX *store, void *arg)
{
    poke(REPLACED_VERIFY, X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()), NULL);
    return X509_verify_cert(store);
}

static int on_security(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other, void *arg)
{
    poke(SECURITY, ssl, (SSL_CTX *)ctx);
    return 1;
}

static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    poke(NEW_SESSION, ssl, NULL);
    SSL_SESSION_free(SSL_SESSION_dup(session));
    expect(NEW_SESSION, "its time", SSL_SESSION_set_time(session, SSL_SESSION_get_time(session)) != 0);
    return 0;
}

static void on_removed_session(SSL_CTX *ctx, SSL_SESSION *session)
{
    poke(REMOVED_SESSION, NULL, ctx);
    SSL_CTX_remove_session(ctx, NULL);
}

static SSL_SESSION *on_find_session(SSL *ssl, const unsigned char *id, int len, int *copy)
{
    poke(FIND_SESSION, ssl, NULL);
    return NULL;
}

static int on_ticket_keys(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                          EVP_MAC_CTX *mac, int seals)
{
    static unsigned char key[32];
    OSSL_PARAM digest[] = { OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 6), OSSL_PARAM_END };

    poke(TICKET_KEYS, ssl, NULL);
    if (seals) {
        memset(name, 'n', 16);
        memset(iv, 'i', 16);
    }
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv, seals)
           && EVP_MAC_init(mac, key, sizeof(key), digest);
}

static int on_make_ticket(SSL *ssl, void *arg)
{
    poke(MAKE_TICKET, ssl, NULL);
    return 1;
}

static SSL_TICKET_RETURN on_read_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t len,
                                        SSL_TICKET_STATUS status, void *arg)
{
    poke(READ_TICKET, ssl, NULL);
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_IGNORE_RENEW;
}

static int on_session_id(SSL *ssl, unsigned char *id, unsigned int *len)
{
    static unsigned char serial;

    poke(SESSION_ID, ssl, NULL);
    memset(id, ++serial, *len);
    return 1;
}

static int on_not_resumable(SSL *ssl, int is_forward_secure)
{
    poke(NOT_RESUMABLE, ssl, NULL);
    return 0;
}

/* Data of connections, contexts and sessions. */
static void on_new_data(void *parent, void *value, CRYPTO_EX_DATA *data, int index, long class, void *arg)
{
    poke(NEW_DATA, NULL, NULL);
    if (depth == 0 && class == CRYPTO_EX_INDEX_SSL_SESSION && server != NULL)
        poke(NEW_DATA, server, NULL);
}

static int on_copy_data(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **value, int index, long class,
                        void *arg)
{
    poke(COPY_DATA, class == CRYPTO_EX_INDEX_SSL_SESSION ? client : NULL, NULL);
    return 1;
}

static void on_free_data(void *parent, void *value, CRYPTO_EX_DATA *data, int index, long class, void *arg)
{
    poke(FREE_DATA, class == CRYPTO_EX_INDEX_SSL_SESSION ? server : NULL, NULL);
}

static void on_free_certificate(void *parent, void *value, CRYPTO_EX_DATA *data, int index, long class, void *arg)
{
    poke(FREE_CERTIFICATE, client, NULL);
}

/* The transport: a filter that passes everything on. */
static SSL *owner_of(BIO *bio)
{
    return BIO_get_data(bio);
}

static int transport_write(BIO *bio, const char *data, size_t len, size_t *done)
{
    int ret;

    poke(TRANSPORT, owner_of(bio), NULL);
    BIO_clear_retry_flags(bio);
    ret = BIO_write_ex(BIO_next(bio), data, len, done);
    BIO_copy_next_retry(bio);
    return ret;
}

static int transport_read(BIO *bio, char *data, size_t len, size_t *done)
{
    int ret;

    poke(TRANSPORT, owner_of(bio), NULL);
    BIO_clear_retry_flags(bio);
    ret = BIO_read_ex(BIO_next(bio), data, len, done);
    BIO_copy_next_retry(bio);
    return ret;
}

static long transport_ctrl(BIO *bio, int cmd, long number, void *pointer)
{
    poke(TRANSPORT, owner_of(bio), NULL);
    return BIO_next(bio) != NULL ? BIO_ctrl(BIO_next(bio), cmd, number, pointer) : 0;
}

static int transport_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO *transport(SSL *owner, BIO *next)
{
    static BIO_METHOD *method;
    BIO *bio;

    if (method == NULL) {
        method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_FILTER, "calls back");
        BIO_meth_set_write_ex(method, transport_write);
        BIO_meth_set_read_ex(method, transport_read);
        BIO_meth_set_ctrl(method, transport_ctrl);
        BIO_meth_set_create(method, transport_create);
    }
    bio = BIO_new(method);
    BIO_push(bio, next);
    BIO_set_data(bio, owner);
    return bio;
}

static void listen_ctx(SSL_CTX *ctx)
{
    SSL_CTX_set_info_callback(ctx, on_info);
    SSL_CTX_set_msg_callback(ctx, on_message);
    SSL_CTX_set_keylog_callback(ctx, on_key_log);
    SSL_CTX_set_cert_cb(ctx, on_certificate, NULL);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_verify);
    SSL_CTX_set_cert_verify_callback(ctx, on_replaced_verify, NULL);
    SSL_CTX_set_security_callback(ctx, on_security);
    SSL_CTX_sess_set_new_cb(ctx, on_new_session);
    SSL_CTX_sess_set_remove_cb(ctx, on_removed_session);
    SSL_CTX_set_tlsext_status_cb(ctx, on_status);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_BOTH);
}

static SSL_CTX *new_client(int version)
{
    SSL_CTX *ctx = pair_client(version);

    listen_ctx(ctx);
    SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp);
    SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)"\2h2", 3);
    return ctx;
}

static SSL_CTX *new_server(int version, uint64_t options)
{
    SSL_CTX *ctx = pair_server(version);

    listen_ctx(ctx);
    SSL_CTX_set_options(ctx, options);
    SSL_CTX_set_client_hello_cb(ctx, on_hello, NULL);
    SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
    SSL_CTX_sess_set_get_cb(ctx, on_find_session);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket_keys);
    SSL_CTX_set_session_ticket_cb(ctx, on_make_ticket, on_read_ticket, NULL);
    SSL_CTX_set_generate_session_id(ctx, on_session_id);
    SSL_CTX_set_not_resumable_session_callback(ctx, on_not_resumable);
    return ctx;
}

/* A connection whose session is returned, counted. */
static SSL_SESSION *connect_once(SSL_SESSION *session, int *done)
{
    struct pair pair = { SSL_new(client_ctx), SSL_new(server_ctx) };
    SSL_SESSION *made;
    BIO *to_server, *to_client;

    client = pair.client;
    server = pair.server;
    BIO_new_bio_pair(&to_server, 65536, &to_client, 65536);
    to_server = transport(client, to_server);
    to_client = transport(server, to_client);
    SSL_set_bio(client, to_server, to_server);
    SSL_set_bio(server, to_client, to_client);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    SSL_set_tlsext_host_name(client, "localhost");
    SSL_set_tlsext_debug_callback(client, on_extension);
    SSL_set_tlsext_debug_callback(server, on_extension);
    if (session != NULL)
        SSL_set_session(client, session);
    *done = pair_shake(&pair);
    if (*done)
        printf("reused %d %d, peer %d\n", SSL_session_reused(client), SSL_session_reused(server),
               SSL_get0_peer_certificate(client) != NULL);
    pair_close(&pair);
    made = SSL_get1_session(client);
    client = server = NULL;
    BIO_set_data(to_server, NULL);
    BIO_set_data(to_client, NULL);
    pair_free(&pair);
    return made;
}

static void run(int version, uint64_t options)
{
    SSL_SESSION *first, *second, *third;
    int done;

    printf("-- version %x, options %lx\n", version, (unsigned long)options);
    client_ctx = new_client(version);
    server_ctx = new_server(version, options);
    first = connect_once(NULL, &done);
    printf("full: %d\n", done);
    second = connect_once(first, &done);
    printf("second: %d\n", done);
    SSL_CTX_flush_sessions(server_ctx, 0);
    third = connect_once(second, &done);
    printf("behind a flush: %d\n", done);
    SSL_SESSION_free(first);
    SSL_SESSION_free(second);
    SSL_SESSION_free(third);
    /* Sessions leave with their context, whose function hears of it. */
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(server_ctx);
}

int main(void)
{
    for (int class = CRYPTO_EX_INDEX_SSL; class <= CRYPTO_EX_INDEX_SSL_SESSION; class++)
        CRYPTO_get_ex_new_index(class, class, NULL, on_new_data, on_copy_data, on_free_data);
    CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_X509, 0, NULL, NULL, NULL, on_free_certificate);
    run(TLS1_2_VERSION, 0);
    run(TLS1_2_VERSION, SSL_OP_NO_TICKET);
    run(TLS1_3_VERSION, 0);
    run(TLS1_3_VERSION, SSL_OP_NO_TICKET);
    for (int kind = 0; kind < KINDS; kind++)
        printf("%s: called %d\n", names[kind], called[kind] > 0);
    return 0;
}
