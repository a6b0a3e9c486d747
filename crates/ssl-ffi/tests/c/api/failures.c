/*
 * Peers that fail: what a call gives, what is queued, and what the peer is told. Not here: hellos of SSLv2,
 * and requests to renegotiate before the handshake, which ours does not understand.
 */
#include "session_pair.h"

static SSL_CTX *client_ctx, *server_ctx;

/* The alert in the last record for the peer. */
static void told(BIO *out)
{
    const unsigned char *bytes;
    long len = BIO_get_mem_data(out, (char **)&bytes), at = 0, last = -1;

    while (at + 5 <= len) {
        last = at;
        at += 5 + (bytes[at + 3] << 8 | bytes[at + 4]);
    }
    if (last < 0 || bytes[last] != SSL3_RT_ALERT)
        printf("  it tells nothing\n");
    else
        printf("  it tells: level %d alert %d\n", bytes[last + 5], bytes[last + 6]);
}

/* What the library itself says; libcrypto's ciphers say more in the system's. */
static void queued(void)
{
    unsigned long entry;

    while ((entry = ERR_get_error()) != 0)
        if (ERR_GET_LIB(entry) == ERR_LIB_SSL)
            printf("    queued: reason %d %s\n", ERR_GET_REASON(entry), ERR_reason_error_string(entry));
}

static void outcome(const char *label, SSL *ssl, int result)
{
    printf("  %s: %d, error %d, shutdown %d, in_init %d\n", label, result, SSL_get_error(ssl, result),
           SSL_get_shutdown(ssl), SSL_in_init(ssl));
    queued();
}

/* One side on its own, with these bytes from its peer, which then closes or is silent. */
static void alone(const char *label, SSL_CTX *ctx, const void *bytes, size_t len, int closes)
{
    SSL *ssl = SSL_new(ctx);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    char byte;

    printf("%s%s\n", label, closes ? ", then it closes" : "");
    BIO_write(in, bytes, (int)len);
    BIO_set_mem_eof_return(in, closes ? 0 : -1);
    SSL_set_bio(ssl, in, out);
    if (ctx == client_ctx)
        SSL_set_connect_state(ssl);
    else
        SSL_set_accept_state(ssl);
    outcome("handshake", ssl, SSL_do_handshake(ssl));
    told(out);
    outcome("again", ssl, SSL_do_handshake(ssl));
    outcome("read", ssl, SSL_read(ssl, &byte, 1));
    outcome("write", ssl, SSL_write(ssl, "x", 1));
    outcome("shutdown", ssl, SSL_shutdown(ssl));
    SSL_free(ssl);
}

#define TEXT(label, ctx, text) alone(label, ctx, text, sizeof(text) - 1, 0)
#define TEXT_CLOSED(label, ctx, text) alone(label, ctx, text, sizeof(text) - 1, 1)

static void servers(void)
{
    static const unsigned char old_hello[] = {
        22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5,
        6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 2, 0, 0x2f, 1, 0
    };
    static const unsigned char part[] = { 22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3, 1, 2, 3 };
    static const unsigned char header[] = { 22, 3 };
    static const unsigned char alert[] = { 21, 3, 1, 0, 2, 2, 40 };
    static const unsigned char warning[] = { 21, 3, 1, 0, 2, 1, 90 };
    static const unsigned char closing[] = { 21, 3, 1, 0, 2, 1, 0 };
    static const unsigned char data[] = { 23, 3, 3, 0, 3, 1, 2, 3 };
    static const unsigned char change[] = { 20, 3, 3, 0, 1, 1 };
    static const unsigned char empty[] = { 22, 3, 1, 0, 0 };
    static const unsigned char kind[] = { 77, 3, 1, 0, 1, 9 };
    static const unsigned char too_long[] = { 22, 3, 1, 0xff, 0xff, 1 };
    static const unsigned char other[] = { 22, 3, 1, 0, 4, 2, 0, 0, 0 };
    static const unsigned char version[] = { 22, 9, 1, 0, 4, 1, 0, 0, 0 };
    static const unsigned char short_hello[] = { 22, 3, 1, 0, 6, 1, 0, 0, 2, 3, 3 };

    TEXT("server: GET", server_ctx, "GET / HTTP/1.0\r\n\r\n");
    TEXT("server: POST", server_ctx, "POST / HTTP/1.0\r\n\r\n");
    TEXT("server: HEAD", server_ctx, "HEAD / HTTP/1.0\r\n\r\n");
    TEXT("server: PUT", server_ctx, "PUT / HTTP/1.0\r\n\r\n");
    TEXT("server: DELETE", server_ctx, "DELETE / HTTP/1.0\r\n\r\n");
    TEXT("server: CONNECT", server_ctx, "CONNECT host:443 HTTP/1.0\r\n\r\n");
    TEXT("server: words", server_ctx, "hello, is there anybody?\r\n");
    TEXT("server: few letters", server_ctx, "hel");
    TEXT_CLOSED("server: nothing", server_ctx, "");
    TEXT_CLOSED("server: few letters", server_ctx, "hel");
    alone("server: TLS 1.1", server_ctx, old_hello, sizeof(old_hello), 0);
    alone("server: part of a hello", server_ctx, part, sizeof(part), 1);
    alone("server: part of a header", server_ctx, header, sizeof(header), 1);
    alone("server: fatal alert", server_ctx, alert, sizeof(alert), 0);
    alone("server: warning", server_ctx, warning, sizeof(warning), 1);
    alone("server: close_notify", server_ctx, closing, sizeof(closing), 0);
    alone("server: application data", server_ctx, data, sizeof(data), 0);
    alone("server: ChangeCipherSpec", server_ctx, change, sizeof(change), 0);
    alone("server: empty record", server_ctx, empty, sizeof(empty), 1);
    alone("server: unknown content type", server_ctx, kind, sizeof(kind), 0);
    alone("server: long record", server_ctx, too_long, sizeof(too_long), 0);
    alone("server: another message", server_ctx, other, sizeof(other), 0);
    alone("server: record of another version", server_ctx, version, sizeof(version), 0);
    alone("server: hello cut short", server_ctx, short_hello, sizeof(short_hello), 0);
}

static void clients(void)
{
    static const unsigned char old_hello[] = {
        22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5,
        6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0x2f, 0
    };
    static const unsigned char part[] = { 22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3, 1, 2 };
    static const unsigned char alert[] = { 21, 3, 3, 0, 2, 2, 40 };
    static const unsigned char alert70[] = { 21, 3, 1, 0, 2, 2, 70 };
    static const unsigned char warning[] = { 21, 3, 3, 0, 2, 1, 112 };
    static const unsigned char data[] = { 23, 3, 3, 0, 3, 1, 2, 3 };
    static const unsigned char done[] = { 22, 3, 3, 0, 4, 14, 0, 0, 0 };
    static const unsigned char bad_alert[] = { 21, 3, 3, 0, 3, 2, 40, 1 };

    TEXT("client: HTTP", client_ctx, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    TEXT("client: a greeting", client_ctx, "220 mail.example ESMTP\r\n");
    TEXT("client: SSH", client_ctx, "SSH-2.0-OpenSSH_9.0\r\n");
    TEXT_CLOSED("client: nothing", client_ctx, "");
    TEXT_CLOSED("client: few letters", client_ctx, "abc");
    alone("client: TLS 1.1", client_ctx, old_hello, sizeof(old_hello), 0);
    alone("client: part of a hello", client_ctx, part, sizeof(part), 1);
    alone("client: fatal alert", client_ctx, alert, sizeof(alert), 0);
    alone("client: protocol_version", client_ctx, alert70, sizeof(alert70), 0);
    alone("client: warning", client_ctx, warning, sizeof(warning), 1);
    alone("client: application data", client_ctx, data, sizeof(data), 0);
    alone("client: ServerHelloDone", client_ctx, done, sizeof(done), 0);
    alone("client: malformed alert", client_ctx, bad_alert, sizeof(bad_alert), 0);
}

/* Two sides that cannot agree. */
struct sides {
    SSL *client, *server;
};

static struct sides sides_new(int client_version, int server_version)
{
    struct sides sides = { SSL_new(client_ctx), SSL_new(server_ctx) };
    BIO *to_server = BIO_new(BIO_s_mem()), *to_client = BIO_new(BIO_s_mem());

    BIO_set_mem_eof_return(to_server, -1);
    BIO_set_mem_eof_return(to_client, -1);
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    SSL_set_bio(sides.client, to_client, to_server);
    SSL_set_bio(sides.server, to_server, to_client);
    SSL_set_connect_state(sides.client);
    SSL_set_accept_state(sides.server);
    SSL_set_min_proto_version(sides.client, client_version);
    SSL_set_max_proto_version(sides.client, client_version);
    SSL_set_min_proto_version(sides.server, server_version);
    SSL_set_max_proto_version(sides.server, server_version);
    return sides;
}

/* Spoils a byte of what waits for a side, counted from the end. */
static void spoil(SSL *ssl, long from_end)
{
    char *bytes;
    long len = BIO_get_mem_data(SSL_get_rbio(ssl), &bytes);

    if (len > from_end)
        bytes[len - 1 - from_end] ^= 1;
}

static void disagree(const char *label, struct sides *sides, int spoil_round, long from_end)
{
    printf("%s\n", label);
    for (int round = 0; round < 4; round++) {
        int client = SSL_do_handshake(sides->client), server;

        if (client != 1 && SSL_get_error(sides->client, client) != SSL_ERROR_WANT_READ) {
            outcome("client", sides->client, client);
            outcome("server", sides->server, SSL_do_handshake(sides->server));
            break;
        }
        if (spoil_round == 2 * round)
            spoil(sides->server, from_end);
        server = SSL_do_handshake(sides->server);
        if (server != 1 && SSL_get_error(sides->server, server) != SSL_ERROR_WANT_READ) {
            outcome("server", sides->server, server);
            client = SSL_do_handshake(sides->client);
            if (client == 1) {
                char byte;

                client = SSL_read(sides->client, &byte, 1);
            }
            outcome("client", sides->client, client);
            break;
        }
        if (spoil_round == 2 * round + 1)
            spoil(sides->client, from_end);
    }
    SSL_free(sides->client);
    SSL_free(sides->server);
}

static void pairs(void)
{
    struct sides sides = sides_new(TLS1_3_VERSION, TLS1_2_VERSION);

    disagree("1.3 to 1.2", &sides, -1, 0);
    sides = sides_new(TLS1_2_VERSION, TLS1_3_VERSION);
    disagree("1.2 to 1.3", &sides, -1, 0);
    sides = sides_new(TLS1_2_VERSION, TLS1_2_VERSION);
    SSL_set_cipher_list(sides.client, "ECDHE-ECDSA-AES128-GCM-SHA256");
    SSL_set_cipher_list(sides.server, "ECDHE-ECDSA-AES256-GCM-SHA384");
    disagree("no shared cipher in 1.2", &sides, -1, 0);
    sides = sides_new(TLS1_2_VERSION, TLS1_2_VERSION);
    SSL_set_cipher_list(sides.client, "ECDHE-RSA-AES128-GCM-SHA256");
    disagree("no certificate for it in 1.2", &sides, -1, 0);
    sides = sides_new(TLS1_3_VERSION, TLS1_3_VERSION);
    SSL_set_ciphersuites(sides.client, "TLS_AES_128_GCM_SHA256");
    SSL_set_ciphersuites(sides.server, "TLS_AES_256_GCM_SHA384");
    disagree("no shared cipher in 1.3", &sides, -1, 0);
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        printf("version %x\n", version);
        sides = sides_new(version, version);
        SSL_set1_groups_list(sides.client, "X25519");
        SSL_set1_groups_list(sides.server, "P-384");
        disagree("no shared group", &sides, -1, 0);
        sides = sides_new(version, version);
        SSL_set1_sigalgs_list(sides.client, "RSA-PSS+SHA256");
        disagree("no shared signature algorithm", &sides, -1, 0);
        sides = sides_new(version, version);
        SSL_set_verify(sides.client, SSL_VERIFY_PEER, NULL);
        disagree("server not trusted", &sides, -1, 0);
        sides = sides_new(version, version);
        SSL_set_verify(sides.server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        disagree("no client certificate", &sides, -1, 0);
        sides = sides_new(version, version);
        SSL_use_certificate(sides.client, pair_certificate);
        SSL_use_PrivateKey(sides.client, pair_key);
        SSL_set_verify(sides.server, SSL_VERIFY_PEER, NULL);
        disagree("client not trusted", &sides, -1, 0);
        sides = sides_new(version, version);
        disagree("last record of the server's flight spoilt", &sides, 1, version == TLS1_2_VERSION ? 9 + 4 : 0);
        sides = sides_new(version, version);
        disagree("last record of the client's flight spoilt", &sides, 2, 0);
    }
    sides = sides_new(TLS1_3_VERSION, TLS1_3_VERSION);
    SSL_set_cipher_list(sides.server, "DEFAULT:@SECLEVEL=4");
    disagree("server's certificate too weak", &sides, -1, 0);
}

int main(void)
{
    client_ctx = pair_client(TLS1_2_VERSION);
    server_ctx = pair_server(TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(client_ctx, 0);
    SSL_CTX_set_max_proto_version(server_ctx, 0);
    servers();
    clients();
    pairs();
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(server_ctx);
    EVP_PKEY_free(pair_key);
    X509_free(pair_certificate);
    return 0;
}
