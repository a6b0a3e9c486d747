/* The accessors of the ClientHello, of server name and protocols, at each stage of a handshake. */
#include "self_signed.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

static EVP_PKEY *key;
static X509 *cert;

static void errors(void)
{
    unsigned long entry;

    while ((entry = ERR_get_error()) != 0)
        printf("  error: library %d reason %d\n", ERR_GET_LIB(entry), ERR_GET_REASON(entry));
}

/* Types in the order in which they were sent differ between the clients: sorted. */
static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void show_hello(const char *label, SSL *ssl)
{
    const unsigned char *out = NULL;
    size_t n;
    int *types = NULL, found;

    printf("%s: version %x\n", label, SSL_client_hello_get0_legacy_version(ssl));
    n = SSL_client_hello_get0_random(ssl, &out);
    printf("  random: %zu bytes\n", n);
    n = SSL_client_hello_get0_session_id(ssl, &out);
    printf("  session: %zu bytes\n", n);
    n = SSL_client_hello_get0_ciphers(ssl, &out);
    printf("  ciphers: %d, first %02x%02x\n", n > 0, n ? out[0] : 0, n ? out[1] : 0);
    n = SSL_client_hello_get0_compression_methods(ssl, &out);
    printf("  compression: %zu, first %d\n", n, n ? out[0] : -1);
    found = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &out, &n);
    printf("  server name: %d", found);
    if (found)
        for (size_t i = 0; i < n; i++)
            printf(" %02x", out[i]);
    found = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &out, &n);
    printf("\n  protocols: %d, %zu bytes\n", found, found ? n : 0);
    printf("  unknown: %d\n", SSL_client_hello_get0_ext(ssl, 0x1234, &out, &n));
    printf("  without places: %d %zu\n", SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, NULL, NULL),
           SSL_client_hello_get0_random(ssl, NULL));
    found = SSL_client_hello_get1_extensions_present(ssl, &types, &n);
    printf("  present: %d", found);
    if (found) {
        int with_name = 0, with_versions = 0;

        qsort(types, n, sizeof(*types), by_number);
        for (size_t i = 0; i < n; i++) {
            with_name |= types[i] == TLSEXT_TYPE_server_name;
            with_versions |= types[i] == TLSEXT_TYPE_supported_versions;
        }
        printf(", name %d, versions %d", with_name, with_versions);
        OPENSSL_free(types);
    }
    printf("\n  SSL 2: %d\n", SSL_client_hello_isv2(ssl));
}

static void names(const char *label, SSL *ssl)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const unsigned char *alpn = NULL;
    unsigned int len = 77;

    SSL_get0_alpn_selected(ssl, &alpn, &len);
    printf("%s: %s, type %d, other type %d; protocol %u '%.*s'\n", label, name == NULL ? "none" : name,
           SSL_get_servername_type(ssl), SSL_get_servername(ssl, 1) == NULL, len, (int)len,
           alpn == NULL ? "" : (const char *)alpn);
}

static int on_hello(SSL *ssl, int *al, void *arg)
{
    int *calls = arg;

    if (calls == NULL)
        return SSL_CLIENT_HELLO_SUCCESS;
    printf("hello callback %d: version %s\n", *calls, SSL_get_version(ssl));
    show_hello("in the callback", ssl);
    names("in the callback", ssl);
    printf("  client ciphers: %d, schemes: %d\n", SSL_get_client_ciphers(ssl) == NULL,
           SSL_get_sigalgs(ssl, -1, NULL, NULL, NULL, NULL, NULL));
    return (*calls)++ == 0 ? SSL_CLIENT_HELLO_RETRY : SSL_CLIENT_HELLO_SUCCESS;
}

static int may_resume;

static int on_name(SSL *ssl, int *al, void *arg)
{
    printf("name callback, version %s, cipher %d, pending %d\n", SSL_get_version(ssl),
           may_resume || SSL_get_current_cipher(ssl) == NULL, SSL_get_pending_cipher(ssl) != NULL);
    names("in the name callback", ssl);
    printf("  legacy version: %x, client ciphers %d\n", SSL_client_hello_get0_legacy_version(ssl),
           SSL_get_client_ciphers(ssl) != NULL);
    *al = SSL_AD_UNRECOGNIZED_NAME;
    return arg == NULL ? SSL_TLSEXT_ERR_OK : *(int *)arg;
}

static int on_cert(SSL *ssl, void *arg)
{
    printf("cert callback, version %s, schemes %d\n", SSL_get_version(ssl),
           SSL_get_shared_sigalgs(ssl, 0, NULL, NULL, NULL, NULL, NULL) > 0);
    names("in the cert callback", ssl);
    printf("  legacy version: %x\n", SSL_client_hello_get0_legacy_version(ssl));
    return *(int *)arg;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen, const unsigned char *in,
    unsigned int inlen, void *arg)
{
    printf("protocol callback: %u bytes, cipher %s\n", inlen, SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)));
    names("in the protocol callback", ssl);
    if (arg != NULL)
        return *(int *)arg;
    *out = in + 1;
    *outlen = in[0];
    return SSL_TLSEXT_ERR_OK;
}

static void run(const char *label, int version, const char *name, int hello_twice, int *name_result, int cert_result,
    int *alpn_result)
{
    SSL_CTX *sctx = SSL_CTX_new(TLS_server_method()), *cctx = SSL_CTX_new(TLS_client_method());
    SSL *server, *client;
    BIO *a, *b;
    int sret = -1, cret = -1, calls = 0, err;

    printf("== %s\n", label);
    SSL_CTX_set_max_proto_version(sctx, version);
    SSL_CTX_use_certificate(sctx, cert);
    SSL_CTX_use_PrivateKey(sctx, key);
    SSL_CTX_set_client_hello_cb(sctx, on_hello, hello_twice ? &calls : NULL);
    SSL_CTX_set_tlsext_servername_callback(sctx, on_name);
    SSL_CTX_set_tlsext_servername_arg(sctx, name_result);
    SSL_CTX_set_cert_cb(sctx, on_cert, &cert_result);
    SSL_CTX_set_alpn_select_cb(sctx, on_alpn, alpn_result);
    SSL_CTX_set_ciphersuites(cctx, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set_cipher_list(cctx, "ECDHE-ECDSA-AES128-GCM-SHA256");
    printf("protocols: %d\n", SSL_CTX_set_alpn_protos(cctx, (const unsigned char *)"\2h2\10http/1.1", 12));
    server = SSL_new(sctx);
    client = SSL_new(cctx);
    names("client, before", client);
    names("server, before", server);
    if (name != NULL)
        printf("set name: %ld\n", SSL_set_tlsext_host_name(client, name));
    names("client, before", client);
    BIO_new_bio_pair(&a, 0, &b, 0);
    SSL_set_bio(client, a, a);
    SSL_set_bio(server, b, b);
    show_hello("before", server);
    for (int i = 0; i < 10 && (sret <= 0 || cret <= 0); i++) {
        if (cret <= 0 && (cret = SSL_connect(client)) <= 0 && (err = SSL_get_error(client, cret)) != SSL_ERROR_WANT_READ) {
            printf("client: %d\n", err);
            errors();
            break;
        }
        if (sret <= 0 && (sret = SSL_accept(server)) <= 0 && (err = SSL_get_error(server, sret)) != SSL_ERROR_WANT_READ) {
            printf("server: %d, want %d\n", err, SSL_want(server));
            errors();
            if (err != SSL_ERROR_WANT_CLIENT_HELLO_CB && err != SSL_ERROR_WANT_X509_LOOKUP) {
                cret = SSL_connect(client);
                errors();
                break;
            }
            if (err == SSL_ERROR_WANT_X509_LOOKUP)
                cert_result = 1;
        }
    }
    names("client, after", client);
    names("server, after", server);
    show_hello("after", server);
    if (sret > 0 && cret > 0) {
        unsigned char x[64], y[64];

        memset(x, 0, sizeof(x));
        memset(y, 1, sizeof(y));
        printf("client random: %zu %zu %zu, ", SSL_get_client_random(client, NULL, 0), SSL_get_client_random(client, x, 64),
               SSL_get_client_random(server, y, 64));
        printf("the same %d, in part %zu\n", memcmp(x, y, 32) == 0, SSL_get_client_random(client, x, 5));
        printf("server random: %zu %zu %zu, ", SSL_get_server_random(client, NULL, 0), SSL_get_server_random(client, x, 64),
               SSL_get_server_random(server, y, 64));
        printf("the same %d\n", memcmp(x, y, 32) == 0);
    }
    SSL_free(server);
    SSL_free(client);
    SSL_CTX_free(sctx);
    SSL_CTX_free(cctx);
}

/* The name that belongs to a session of TLS 1.2, and the one that belongs to a connection of TLS 1.3. */
static void resumed(const char *label, int version)
{
    SSL_CTX *sctx = SSL_CTX_new(TLS_server_method()), *cctx = SSL_CTX_new(TLS_client_method());
    SSL_SESSION *session = NULL;

    printf("== %s\n", label);
    SSL_CTX_set_max_proto_version(sctx, version);
    SSL_CTX_use_certificate(sctx, cert);
    SSL_CTX_use_PrivateKey(sctx, key);
    SSL_CTX_set_tlsext_servername_callback(sctx, on_name);
    SSL_CTX_set_session_id_context(sctx, (const unsigned char *)"x", 1);
    for (int round = 0; round < 2; round++) {
        SSL *server = SSL_new(sctx), *client = SSL_new(cctx);
        BIO *a, *b;
        int sret = -1, cret = -1;
        char byte;

        SSL_set_tlsext_host_name(client, "example.org");
        if (session != NULL)
            printf("set session: %d\n", SSL_set_session(client, session));
        printf("cipher: %s\n", SSL_CIPHER_get_name(SSL_get_current_cipher(client)));
        may_resume = session != NULL;
        names("client, before", client);
        BIO_new_bio_pair(&a, 0, &b, 0);
        SSL_set_bio(client, a, a);
        SSL_set_bio(server, b, b);
        for (int i = 0; i < 10 && (sret <= 0 || cret <= 0); i++) {
            if (cret <= 0)
                cret = SSL_connect(client);
            if (sret <= 0)
                sret = SSL_accept(server);
        }
        printf("done: %d %d, resumed %d %d\n", sret, cret, SSL_session_reused(server), SSL_session_reused(client));
        errors();
        names("client, after", client);
        names("server, after", server);
        SSL_write(server, "x", 1);
        SSL_read(client, &byte, 1);
        SSL_SESSION_free(session);
        session = SSL_get1_session(client);
        SSL_shutdown(client);
        SSL_shutdown(server);
        SSL_free(server);
        SSL_free(client);
    }
    SSL_SESSION_free(session);
    SSL_CTX_free(sctx);
    SSL_CTX_free(cctx);
}

static void protocols(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL *ssl = SSL_new(ctx);
    static const struct {
        const char *text;
        unsigned len;
    } lists[] = { { "\2h2", 3 }, { "\2h2\1", 4 }, { "\0", 1 }, { "\1", 1 }, { "\2h2\0", 4 }, { "\3h2", 3 }, { "", 0 }, { NULL, 3 } };

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        printf("list %zu: %d", i, SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)lists[i].text, lists[i].len));
        printf(" %d\n", SSL_set_alpn_protos(ssl, (const unsigned char *)lists[i].text, lists[i].len));
        errors();
    }
    for (unsigned i = 0; i < 60; i++)
        if (i != TLSEXT_TYPE_srp && i != TLSEXT_TYPE_use_srtp && SSL_extension_supported(i))
            printf("%u ", i);
    printf("%d %d\n", SSL_extension_supported(TLSEXT_TYPE_renegotiate), SSL_extension_supported(0x10000));
    printf("name: %ld", SSL_set_tlsext_host_name(ssl, "example.org"));
    printf(" %s", SSL_get_servername(ssl, 0));
    printf(" %ld", SSL_set_tlsext_host_name(ssl, ""));
    errors();
    printf("%d\n", SSL_get_servername(ssl, 0) == NULL);
    printf("NULL: %ld %d\n", SSL_set_tlsext_host_name(ssl, NULL), SSL_get_servername(ssl, 0) == NULL);
    printf("other type: %ld\n", SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, 1, "x"));
    errors();
    printf("custom: %d\n", SSL_CTX_has_client_custom_ext(ctx, 1234));
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

int main(void)
{
    static int noack = SSL_TLSEXT_ERR_NOACK, fatal = SSL_TLSEXT_ERR_ALERT_FATAL;

    setvbuf(stdout, NULL, _IOLBF, 0);
    key = EVP_EC_gen("P-256");
    cert = self_signed(key);
    protocols();
    run("TLS 1.3", 0, "example.org", 1, NULL, 1, NULL);
    run("TLS 1.2", TLS1_2_VERSION, "example.org", 1, NULL, 1, NULL);
    run("no name", 0, NULL, 0, NULL, 1, NULL);
    run("name not taken", 0, "example.org", 0, &noack, 1, &noack);
    run("name refused", 0, "example.org", 0, &fatal, 1, NULL);
    run("certificate later", 0, "example.org", 0, NULL, -1, NULL);
    run("no certificate", 0, "example.org", 0, NULL, 0, NULL);
    run("no protocol", 0, "example.org", 0, NULL, 1, &fatal);
    run("no protocol, TLS 1.2", TLS1_2_VERSION, "example.org", 0, NULL, 1, &fatal);
    resumed("resumed, TLS 1.3", 0);
    resumed("resumed, TLS 1.2", TLS1_2_VERSION);
    return 0;
}
