/*
 * 64 threads, each with connections of its own, all on one pair of contexts: both versions, sockets and
 * BIO pairs, sessions that wander from thread to thread. Everything that a connection says of itself is
 * checked, and at the end everything is counted.
 */
#include "endpoint.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 64
#define ROUNDS 24 /* connections of a thread */

static SSL_CTX *client_ctx, *server_ctx;
static int connection_index;

/*
 * Sessions of each version, whichever thread they are from. One is taken by one thread at a time: with
 * OpenSSL, connections that share a session write to it.
 */
static pthread_mutex_t sessions_lock = PTHREAD_MUTEX_INITIALIZER;
static SSL_SESSION *sessions[2][2 * THREADS * ROUNDS + 4 * THREADS];
static size_t session_count[2];

static atomic_int connections, resumed, fresh_sessions, names_asked, protocols_asked, verified,
    handshakes_seen, objects_made, objects_freed;

static int slot(int version)
{
    return version == TLS1_3_VERSION;
}

static void put_session(SSL_SESSION *session)
{
    int which = slot(SSL_SESSION_get_protocol_version(session));

    pthread_mutex_lock(&sessions_lock);
    CHECK(session_count[which] < sizeof(sessions[0]) / sizeof(*sessions[0]));
    sessions[which][session_count[which]++] = session;
    pthread_mutex_unlock(&sessions_lock);
}

static SSL_SESSION *take_session(int version)
{
    int which = slot(version);
    SSL_SESSION *session;

    pthread_mutex_lock(&sessions_lock);
    CHECK(session_count[which] > 0);
    session = sessions[which][--session_count[which]];
    pthread_mutex_unlock(&sessions_lock);
    return session;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    CHECK(SSL_get_app_data(ssl) == (char *)&connections);
    fresh_sessions++;
    put_session(session);
    return 1;
}

static int choose_name(SSL *ssl, int *alert, void *arg)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)alert;
    CHECK(arg == &names_asked && name != NULL && strcmp(name, "localhost") == 0);
    names_asked++;
    return SSL_TLSEXT_ERR_OK;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *size,
                           const unsigned char *offered, unsigned int offered_size, void *arg)
{
    unsigned char *chosen;

    (void)ssl;
    CHECK(arg == &protocols_asked);
    protocols_asked++;
    if (SSL_select_next_proto(&chosen, size, (const unsigned char *)"\5other\2h2", 9, offered,
                              offered_size)
        != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int verify(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());

    CHECK(ok == 1 && ssl != NULL && SSL_get_app_data(ssl) == (char *)&connections);
    verified++;
    return ok;
}

static void watch(const SSL *ssl, int where, int value)
{
    (void)ssl;
    (void)value;
    if (where & SSL_CB_HANDSHAKE_DONE)
        handshakes_seen++;
}

static void object_made(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
    (void)parent, (void)ptr, (void)ad, (void)idx, (void)argl, (void)argp;
    objects_made++;
}

static void object_freed(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
    (void)parent, (void)ptr, (void)ad, (void)idx, (void)argl, (void)argp;
    objects_freed++;
}

/* What both ends say of the connection has to be the same, and what was asked for. */
static void compare(SSL *client, SSL *server, int version)
{
    unsigned char ours[32], theirs[32];
    const unsigned char *protocol;
    unsigned int size;

    CHECK(SSL_version(client) == version && SSL_version(server) == version);
    CHECK(SSL_CIPHER_get_id(SSL_get_current_cipher(client))
          == SSL_CIPHER_get_id(SSL_get_current_cipher(server)));
    CHECK(SSL_session_reused(client) == SSL_session_reused(server));
    CHECK(SSL_get_verify_result(client) == X509_V_OK);
    SSL_get0_alpn_selected(client, &protocol, &size);
    CHECK(size == 2 && memcmp(protocol, "h2", 2) == 0);
    SSL_get0_alpn_selected(server, &protocol, &size);
    CHECK(size == 2 && memcmp(protocol, "h2", 2) == 0);
    CHECK(SSL_export_keying_material(client, ours, 32, "stress", 6, NULL, 0, 0) == 1);
    CHECK(SSL_export_keying_material(server, theirs, 32, "stress", 6, NULL, 0, 0) == 1);
    CHECK(memcmp(ours, theirs, 32) == 0);
    CHECK(SSL_get_ex_data(client, connection_index) == client);
}

static void one(unsigned thread, unsigned round)
{
    struct connection connection;
    int version = round % 2 ? TLS1_3_VERSION : TLS1_2_VERSION;
    /* Of eight connections, two are new ones. */
    SSL_SESSION *session = round % 8 < 6 ? take_session(version) : NULL;
    unsigned seed = thread * ROUNDS + round;
    X509 *peer;

    open_connection(&connection, client_ctx, server_ctx, version, session,
                    thread % 2 ? SOCKETS : BIO_PAIR);
    CHECK(SSL_set_app_data(connection.client, (char *)&connections) == 1);
    CHECK(SSL_set_ex_data(connection.client, connection_index, connection.client) == 1);
    CHECK(handshake(&connection));
    /* The first read of a TLS 1.3 client meets the tickets. */
    transfer(connection.server, connection.client, 100 + seed * 37 % 40000, seed);
    transfer(connection.client, connection.server, 1 + seed * 101 % 20000, seed + 1);
    compare(connection.client, connection.server, version);
    CHECK(SSL_session_reused(connection.client) == (session != NULL));
    peer = SSL_get1_peer_certificate(connection.client);
    CHECK(peer != NULL && X509_cmp(peer, server_certificate) == 0);
    X509_free(peer);
    connections++;
    resumed += SSL_session_reused(connection.client);
    shut_down(&connection);
    close_connection(&connection);
    /* A TLS 1.3 session is good for one connection, which brings two. */
    if (session != NULL && version == TLS1_2_VERSION)
        put_session(session);
    else
        SSL_SESSION_free(session);
    CHECK(ERR_peek_error() == 0);
}

static void *thread_main(void *arg)
{
    unsigned thread = (unsigned)(size_t)arg, round;

    for (round = 0; round < ROUNDS; round++)
        one(thread, round);
    return NULL;
}

static void set_up(void)
{
    make_certificate();
    client_ctx = make_client(1);
    server_ctx = make_server();
    connection_index = SSL_get_ex_new_index(0, NULL, object_made, NULL, object_freed);
    CHECK(connection_index > 0);
    SSL_CTX_set_verify(client_ctx, SSL_VERIFY_PEER, verify);
    CHECK(SSL_CTX_set_alpn_protos(client_ctx, (const unsigned char *)"\2h2\10http/1.1", 12) == 0);
    SSL_CTX_set_session_cache_mode(client_ctx,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(client_ctx, keep_session);
    SSL_CTX_set_info_callback(client_ctx, watch);
    SSL_CTX_set_info_callback(server_ctx, watch);
    SSL_CTX_set_alpn_select_cb(server_ctx, choose_protocol, &protocols_asked);
    SSL_CTX_set_tlsext_servername_callback(server_ctx, choose_name);
    SSL_CTX_set_tlsext_servername_arg(server_ctx, &names_asked);
}

int main(void)
{
    pthread_t threads[THREADS];
    size_t i;

    set_up();
    /* Sessions for the first ones. */
    for (i = 0; i < THREADS; i++) {
        one(0, 6);
        one(0, 7);
    }
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, thread_main, (void *)i) == 0);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    printf("connections: %d\n", connections);
    printf("resumed: %d\n", resumed);
    printf("full handshakes verified: %d\n", verified);
    printf("names asked for: %d\n", names_asked);
    printf("protocols asked for: %d\n", protocols_asked);
    printf("ends of handshakes seen: %d\n", handshakes_seen);
    printf("sessions received: %d\n", fresh_sessions);
    printf("counted by the server: %ld good, %ld hits\n", SSL_CTX_sess_accept_good(server_ctx),
           SSL_CTX_sess_hits(server_ctx));
    printf("counted by the client: %ld good, %ld hits\n", SSL_CTX_sess_connect_good(client_ctx),
           SSL_CTX_sess_hits(client_ctx));
    for (i = 0; i < 2; i++)
        while (session_count[i] > 0)
            SSL_SESSION_free(sessions[i][--session_count[i]]);
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(server_ctx);
    X509_free(server_certificate);
    EVP_PKEY_free(server_key);
    CHECK(objects_made == objects_freed);
    printf("connections freed: %d\n", objects_freed);
    return 0;
}
