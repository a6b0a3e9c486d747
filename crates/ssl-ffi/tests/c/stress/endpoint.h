/*
 * What the stress programs share: a certificate, a pair of contexts, and a connection between two ends
 * in one thread. Each program includes it once.
 */
#ifndef STRESS_ENDPOINT_H
#define STRESS_ENDPOINT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* Ends the program, saying where: what comes after a failure would only confuse. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("FAILED at %s:%d: %s\n", __FILE__, __LINE__, #condition);                       \
            ERR_print_errors_fp(stdout);                                                           \
            fflush(stdout);                                                                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static EVP_PKEY *server_key;
static X509 *server_certificate;

/* A self-signed certificate for localhost, which is its own root. */
static inline void make_certificate(void)
{
    X509_NAME *name;
    X509V3_CTX ctx;
    X509_EXTENSION *names;

    server_key = EVP_EC_gen("P-256");
    server_certificate = X509_new();
    CHECK(server_key != NULL && server_certificate != NULL);
    X509_set_version(server_certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(server_certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(server_certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(server_certificate), 86400);
    name = X509_get_subject_name(server_certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
                               0);
    X509_set_issuer_name(server_certificate, name);
    X509_set_pubkey(server_certificate, server_key);
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, server_certificate, server_certificate, NULL, NULL, 0);
    names = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, "DNS:localhost");
    CHECK(names != NULL && X509_add_ext(server_certificate, names, -1));
    X509_EXTENSION_free(names);
    CHECK(X509_sign(server_certificate, server_key, EVP_sha256()));
}

static inline SSL_CTX *make_server(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    CHECK(ctx != NULL);
    CHECK(SSL_CTX_use_certificate(ctx, server_certificate) == 1);
    CHECK(SSL_CTX_use_PrivateKey(ctx, server_key) == 1);
    CHECK(SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"stress", 6) == 1);
    return ctx;
}

/* A client that trusts the server, unless told to trust nobody. */
static inline SSL_CTX *make_client(int trusts)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    CHECK(ctx != NULL);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (trusts)
        CHECK(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), server_certificate) == 1);
    return ctx;
}

/* How the two ends are joined. */
enum transport { BIO_PAIR, SOCKETS };

struct connection {
    SSL *client, *server;
    int sockets[2];
};

static inline void join(struct connection *connection, enum transport transport)
{
    BIO *client, *server;
    int end;

    connection->sockets[0] = connection->sockets[1] = -1;
    if (transport == SOCKETS) {
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, connection->sockets) == 0);
        for (end = 0; end < 2; end++)
            CHECK(fcntl(connection->sockets[end], F_SETFL, O_NONBLOCK) == 0);
        CHECK(SSL_set_fd(connection->client, connection->sockets[0]) == 1);
        CHECK(SSL_set_fd(connection->server, connection->sockets[1]) == 1);
        return;
    }
    CHECK(BIO_new_bio_pair(&client, 4096, &server, 4096) == 1);
    SSL_set_bio(connection->client, client, client);
    SSL_set_bio(connection->server, server, server);
}

/* A connection of one version, not yet established. */
static inline void open_connection(struct connection *connection, SSL_CTX *client, SSL_CTX *server,
                            int version, SSL_SESSION *session, enum transport transport)
{
    connection->client = SSL_new(client);
    connection->server = SSL_new(server);
    CHECK(connection->client != NULL && connection->server != NULL);
    CHECK(SSL_set_min_proto_version(connection->client, version) == 1);
    CHECK(SSL_set_max_proto_version(connection->client, version) == 1);
    CHECK(SSL_set1_host(connection->client, "localhost") == 1);
    CHECK(SSL_set_tlsext_host_name(connection->client, "localhost") == 1);
    if (session != NULL)
        CHECK(SSL_set_session(connection->client, session) == 1);
    join(connection, transport);
    SSL_set_connect_state(connection->client);
    SSL_set_accept_state(connection->server);
}

static inline void close_connection(struct connection *connection)
{
    int end;

    SSL_free(connection->client);
    SSL_free(connection->server);
    for (end = 0; end < 2; end++)
        if (connection->sockets[end] >= 0)
            close(connection->sockets[end]);
}

/* True if the last result of `ssl` only asks to be repeated. */
static inline int is_retry(SSL *ssl, int result)
{
    int error = SSL_get_error(ssl, result);

    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

/* Both ends' handshakes, in turns; 1 if both are through, 0 if one fails. */
static inline int handshake(struct connection *connection)
{
    int client = 0, server = 0, turns;

    for (turns = 0; turns < 1000; turns++) {
        if (client != 1 && (client = SSL_do_handshake(connection->client)) != 1
            && !is_retry(connection->client, client))
            return 0;
        if (server != 1 && (server = SSL_do_handshake(connection->server)) != 1
            && !is_retry(connection->server, server))
            return 0;
        if (client == 1 && server == 1)
            return 1;
    }
    return 0;
}

static inline void fill(unsigned char *bytes, size_t size, unsigned seed)
{
    size_t i;

    for (i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 31 + i / 251 + seed);
}

/* `size` bytes from one end to the other, compared there. */
static inline void transfer(SSL *from, SSL *to, size_t size, unsigned seed)
{
    unsigned char *sent = malloc(size), *received = malloc(size);
    size_t written = 0, read = 0;
    int result;

    CHECK(sent != NULL && received != NULL);
    fill(sent, size, seed);
    while (read < size) {
        if (written < size) {
            result = SSL_write(from, sent + written, (int)(size - written));
            CHECK(result > 0 || is_retry(from, result));
            written += result > 0 ? (size_t)result : 0;
        }
        result = SSL_read(to, received + read, (int)(size - read));
        CHECK(result > 0 || is_retry(to, result));
        read += result > 0 ? (size_t)result : 0;
    }
    CHECK(written == size && memcmp(sent, received, size) == 0);
    free(sent);
    free(received);
}

/* An orderly end, both ways. */
static inline void shut_down(struct connection *connection)
{
    unsigned char byte;
    int result;

    CHECK(SSL_shutdown(connection->client) == 0);
    result = SSL_read(connection->server, &byte, 1);
    CHECK(result == 0 && SSL_get_error(connection->server, result) == SSL_ERROR_ZERO_RETURN);
    CHECK(SSL_shutdown(connection->server) == 1);
    CHECK(SSL_shutdown(connection->client) == 1);
}

#endif
