/* A client and a server of one process, joined by a pair of BIOs, and what can be said of their sessions. */
#ifndef SESSION_PAIR_H
#define SESSION_PAIR_H

#include "self_signed.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    SSL *client, *server;
};

static EVP_PKEY *pair_key;
static X509 *pair_certificate;

/* A certificate that signs itself; made once. */
static void pair_identity(void)
{
    if (pair_key != NULL)
        return;
    pair_key = EVP_EC_gen("P-256");
    pair_certificate = self_signed(pair_key);
}

static void pair_certify(SSL_CTX *ctx)
{
    pair_identity();
    SSL_CTX_use_certificate(ctx, pair_certificate);
    SSL_CTX_use_PrivateKey(ctx, pair_key);
}

static SSL_CTX *pair_client(int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    SSL_CTX_set_min_proto_version(ctx, version);
    SSL_CTX_set_max_proto_version(ctx, version);
    return ctx;
}

static SSL_CTX *pair_server(int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    SSL_CTX_set_min_proto_version(ctx, version);
    SSL_CTX_set_max_proto_version(ctx, version);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"pair", 4);
    pair_certify(ctx);
    return ctx;
}

/* Reasons only: the place of an error is each library's own. */
static void pair_errors(const char *label)
{
    unsigned long entry;

    while ((entry = ERR_get_error()) != 0)
        printf("%s: library %d reason %d %s\n", label, ERR_GET_LIB(entry), ERR_GET_REASON(entry),
               ERR_reason_error_string(entry));
}

static struct pair pair_new(SSL_CTX *client, SSL_CTX *server, SSL_SESSION *session)
{
    struct pair pair = { SSL_new(client), SSL_new(server) };
    BIO *to_server, *to_client;

    BIO_new_bio_pair(&to_server, 65536, &to_client, 65536);
    SSL_set_bio(pair.client, to_server, to_server);
    SSL_set_bio(pair.server, to_client, to_client);
    SSL_set_connect_state(pair.client);
    SSL_set_accept_state(pair.server);
    if (session != NULL && !SSL_set_session(pair.client, session))
        printf("set_session failed\n");
    return pair;
}

/* 1 if both are done. One byte from the server then brings what it sent behind its handshake. */
static int pair_shake(struct pair *pair)
{
    char byte = 0;

    for (int i = 0; i < 20; i++) {
        int client = SSL_do_handshake(pair->client);
        int server;

        if (client != 1 && SSL_get_error(pair->client, client) != SSL_ERROR_WANT_READ) {
            pair_errors("client");
            SSL_do_handshake(pair->server);
            pair_errors("server");
            return 0;
        }
        server = SSL_do_handshake(pair->server);
        if (server != 1 && SSL_get_error(pair->server, server) != SSL_ERROR_WANT_READ) {
            pair_errors("server");
            SSL_do_handshake(pair->client);
            pair_errors("client");
            return 0;
        }
        if (client == 1 && server == 1) {
            if (SSL_write(pair->server, "x", 1) != 1 || SSL_read(pair->client, &byte, 1) != 1)
                printf("no byte\n");
            return byte == 'x';
        }
    }
    printf("no end\n");
    return 0;
}

static void pair_close(struct pair *pair)
{
    SSL_shutdown(pair->client);
    SSL_shutdown(pair->server);
    SSL_shutdown(pair->client);
}

static void pair_free(struct pair *pair)
{
    SSL_free(pair->client);
    SSL_free(pair->server);
}

/* A whole connection that ends in order; the client's session, counted. */
__attribute__((unused)) static SSL_SESSION *pair_run(const char *label, SSL_CTX *client, SSL_CTX *server, SSL_SESSION *session)
{
    struct pair pair = pair_new(client, server, session);
    SSL_SESSION *made = NULL;
    int done = pair_shake(&pair);

    printf("%s: done %d, reused %d %d\n", label, done, SSL_session_reused(pair.client),
           SSL_session_reused(pair.server));
    made = SSL_get1_session(pair.client);
    pair_close(&pair);
    pair_free(&pair);
    return made;
}

__attribute__((unused)) static void pair_describe(const char *label, SSL_SESSION *session)
{
    unsigned int id, context;
    size_t alpn;
    const unsigned char *name;
    const SSL_CIPHER *cipher;

    if (session == NULL) {
        printf("%s: no session\n", label);
        return;
    }
    SSL_SESSION_get_id(session, &id);
    SSL_SESSION_get0_id_context(session, &context);
    SSL_SESSION_get0_alpn_selected(session, &name, &alpn);
    cipher = SSL_SESSION_get0_cipher(session);
    printf("%s: version %x, cipher %s, id %u, context %u, alpn %d, resumable %d\n", label,
           SSL_SESSION_get_protocol_version(session),
           cipher != NULL ? SSL_CIPHER_get_name(cipher) : "none", id, context, (int)alpn,
           SSL_SESSION_is_resumable(session));
    printf("%s: ticket %d, lifetime %lu, timeout %ld, secret %d, peer %d, early %u, is now %d\n", label,
           SSL_SESSION_has_ticket(session), SSL_SESSION_get_ticket_lifetime_hint(session),
           SSL_SESSION_get_timeout(session), (int)SSL_SESSION_get_master_key(session, NULL, 0),
           SSL_SESSION_get0_peer(session) != NULL, SSL_SESSION_get_max_early_data(session),
           SSL_SESSION_get_time(session) > 1700000000);
}

__attribute__((unused)) static void pair_counters(const char *label, SSL_CTX *ctx)
{
    printf("%s: number %ld, connect %ld good %ld, accept %ld good %ld, hits %ld cb %ld, misses %ld, "
           "timeouts %ld, full %ld\n",
           label, SSL_CTX_sess_number(ctx), SSL_CTX_sess_connect(ctx), SSL_CTX_sess_connect_good(ctx),
           SSL_CTX_sess_accept(ctx), SSL_CTX_sess_accept_good(ctx), SSL_CTX_sess_hits(ctx),
           SSL_CTX_sess_cb_hits(ctx), SSL_CTX_sess_misses(ctx), SSL_CTX_sess_timeouts(ctx),
           SSL_CTX_sess_cache_full(ctx));
}

#endif
