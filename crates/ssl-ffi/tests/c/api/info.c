/* What the info callback is told, event by event, and what the states are called. */
#include "self_signed.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

static EVP_PKEY *key;
static X509 *cert;

static void on_event(const SSL *ssl, int where, int ret)
{
    const char *who = (const char *)SSL_get_ex_data(ssl, 0);
    const char *what = where & SSL_CB_HANDSHAKE_START ? "start" : where & SSL_CB_HANDSHAKE_DONE ? "done"
        : where & SSL_CB_LOOP ? "loop" : where & SSL_CB_EXIT ? "exit" : where & SSL_CB_ALERT ? "alert" : "other";

    printf("  %s %x %s %d: %s, %s, %d%d%d", who, where, what, where & SSL_CB_ALERT ? 0 : ret,
           SSL_state_string(ssl), SSL_state_string_long(ssl), SSL_in_init(ssl), SSL_is_init_finished(ssl),
           SSL_in_before(ssl));
    if (where & SSL_CB_ALERT)
        printf("; %s %s %s %s", SSL_alert_type_string(ret), SSL_alert_type_string_long(ret), SSL_alert_desc_string(ret),
               SSL_alert_desc_string_long(ret));
    printf("\n");
}

struct setting {
    int version, client_version;
    const char *groups, *client_groups;
    int verify, with_cert, tickets, fail;
};

static int accept_any(int ok, X509_STORE_CTX *ctx)
{
    return 1;
}

static void state(const char *label, SSL *ssl)
{
    printf("%s: %d %s, %s, %s, %s\n", label, SSL_get_state(ssl), SSL_state_string(ssl), SSL_state_string_long(ssl),
           SSL_rstate_string(ssl), SSL_rstate_string_long(ssl));
}

static void run(const char *label, const struct setting *is)
{
    SSL_CTX *sctx = SSL_CTX_new(TLS_server_method()), *cctx = SSL_CTX_new(TLS_client_method());
    SSL *server, *client;
    BIO *a, *b;
    int sret = -1, cret = -1;
    char buf[16];

    printf("== %s\n", label);
    SSL_CTX_set_max_proto_version(sctx, is->version);
    SSL_CTX_set_max_proto_version(cctx, is->client_version);
    SSL_CTX_use_certificate(sctx, cert);
    SSL_CTX_use_PrivateKey(sctx, key);
    if (is->with_cert) {
        SSL_CTX_use_certificate(cctx, cert);
        SSL_CTX_use_PrivateKey(cctx, key);
    }
    SSL_CTX_set_session_id_context(sctx, (const unsigned char *)"x", 1);
    SSL_CTX_set_verify(sctx, is->verify, is->fail ? NULL : accept_any);
    if (is->fail == 2)
        SSL_CTX_set_verify(cctx, SSL_VERIFY_PEER, NULL);
    if (is->groups != NULL)
        SSL_CTX_set1_groups_list(sctx, is->groups);
    SSL_CTX_set1_groups_list(cctx, is->client_groups != NULL ? is->client_groups : "X25519:P-256:P-384");
    SSL_CTX_set_num_tickets(sctx, is->tickets);
    SSL_CTX_set_options(sctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(sctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_info_callback(sctx, on_event);
    SSL_CTX_set_info_callback(cctx, on_event);
    server = SSL_new(sctx);
    client = SSL_new(cctx);
    SSL_set_ex_data(server, 0, "S");
    SSL_set_ex_data(client, 0, "C");
    BIO_new_bio_pair(&a, 0, &b, 0);
    SSL_set_bio(client, a, a);
    SSL_set_bio(server, b, b);
    state("client", client);
    for (int i = 0; i < 10 && (sret <= 0 || cret <= 0); i++) {
        if (cret <= 0) {
            printf("connect\n");
            cret = SSL_connect(client);
            printf("connect: %d, %d\n", cret, SSL_get_error(client, cret));
            state("client", client);
            if (cret <= 0 && SSL_get_error(client, cret) == SSL_ERROR_SSL)
                break;
        }
        if (sret <= 0) {
            printf("accept\n");
            sret = SSL_accept(server);
            printf("accept: %d, %d\n", sret, SSL_get_error(server, sret));
            state("server", server);
            if (sret <= 0 && SSL_get_error(server, sret) == SSL_ERROR_SSL) {
                printf("connect\n");
                cret = SSL_connect(client);
                printf("connect: %d, %d\n", cret, SSL_get_error(client, cret));
                state("client", client);
                break;
            }
        }
    }
    if (sret > 0 && cret > 0) {
        printf("write\n");
        SSL_write(server, "x", 1);
        printf("read: ");
        printf("%d\n", SSL_read(client, buf, sizeof(buf)));
        if (SSL_version(client) == TLS1_3_VERSION) {
            printf("key update: %d\n", SSL_key_update(client, SSL_KEY_UPDATE_REQUESTED));
            state("client", client);
            printf("write: ");
            printf("%d\n", SSL_write(client, "x", 1));
            printf("read: ");
            printf("%d\n", SSL_read(server, buf, sizeof(buf)));
            printf("write: ");
            printf("%d\n", SSL_write(server, "x", 1));
            printf("read: ");
            printf("%d\n", SSL_read(client, buf, sizeof(buf)));
        }
        printf("shutdown: %d\n", SSL_shutdown(client));
        printf("read: %d\n", SSL_read(server, buf, sizeof(buf)));
        printf("shutdown: %d\n", SSL_shutdown(server));
        printf("shutdown: %d\n", SSL_shutdown(client));
    } else {
        printf("read: %d\n", SSL_read(server, buf, sizeof(buf)));
    }
    state("client", client);
    state("server", server);
    ERR_clear_error();
    SSL_free(server);
    SSL_free(client);
    SSL_CTX_free(sctx);
    SSL_CTX_free(cctx);
}

static void texts(void)
{
    for (int value = 0; value < 0x400; value++) {
        const char *type = SSL_alert_type_string_long(value << 8), *desc = SSL_alert_desc_string_long(value & 0xff);

        if (value < 4)
            printf("type %d: %s %s\n", value, SSL_alert_type_string(value << 8), type);
        if (value < 256)
            printf("alert %d: %s %s\n", value, SSL_alert_desc_string(value), desc);
    }
}

#define RUN(label, ...) \
    do { \
        static const struct setting is = { __VA_ARGS__ }; \
        run(label, &is); \
    } while (0)

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    key = EVP_EC_gen("P-256");
    cert = self_signed(key);
    texts();
    RUN("TLS 1.3", .tickets = 0);
    RUN("TLS 1.3, two tickets", .tickets = 2);
    RUN("TLS 1.2", .version = TLS1_2_VERSION);
    RUN("TLS 1.3, client certificate", .verify = SSL_VERIFY_PEER, .with_cert = 1);
    RUN("TLS 1.3, no client certificate", .verify = SSL_VERIFY_PEER);
    RUN("TLS 1.2, client certificate", .version = TLS1_2_VERSION, .verify = SSL_VERIFY_PEER, .with_cert = 1);
    RUN("TLS 1.2, no client certificate", .version = TLS1_2_VERSION, .verify = SSL_VERIFY_PEER);
    RUN("another group", .groups = "P-384");
    RUN("nothing shared", .groups = "P-384", .client_groups = "X25519");
    RUN("nothing shared, TLS 1.2", .version = TLS1_2_VERSION, .groups = "P-384", .client_groups = "X25519");
    RUN("certificate refused, TLS 1.3", .fail = 2);
    RUN("certificate refused, TLS 1.2", .version = TLS1_2_VERSION, .fail = 2);
    RUN("client certificate demanded, TLS 1.3", .verify = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
    RUN("client certificate demanded, TLS 1.2", .version = TLS1_2_VERSION,
        .verify = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
    return 0;
}
