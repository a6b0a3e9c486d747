/* Certificates made in memory, and pairs of connections in memory, for the programs on certificates. */
#ifndef CERT_COMMON_H
#define CERT_COMMON_H

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a wish leaves out is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define UNUSED __attribute__((unused))

struct identity {
    EVP_PKEY *key;
    X509 *cert;
};

/* Which errors there are; the place of an error is each library's own. */
static UNUSED void errors(void)
{
    unsigned long entry;

    while ((entry = ERR_get_error()) != 0) {
        const char *reason = ERR_reason_error_string(entry);

        printf("  error: library %d reason %d %s\n", ERR_GET_LIB(entry), ERR_GET_REASON(entry),
               reason != NULL ? reason : "-");
    }
}

static void require(int ok, const char *what)
{
    if (!ok) {
        printf("cannot %s\n", what);
        ERR_print_errors_fp(stdout);
        exit(1);
    }
}

static UNUSED EVP_PKEY *make_key(const char *type)
{
    EVP_PKEY *key;

    if (strncmp(type, "RSA-PSS", 7) == 0) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);

        key = NULL;
        require(EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) == 1
                    && EVP_PKEY_keygen(ctx, &key) == 1,
                "make an RSA-PSS key");
        EVP_PKEY_CTX_free(ctx);
    } else if (strncmp(type, "RSA", 3) == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
                                (size_t)(type[3] != 0 ? atoi(type + 3) : 2048));
    else if (strncmp(type, "P-", 2) == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", type);
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, type);
    require(key != NULL, "make a key");
    return key;
}

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    require(extension != NULL && X509_add_ext(cert, extension, -1) == 1, "add an extension");
    X509_EXTENSION_free(extension);
}

struct wish {
    const char *key;   /* type of the key; RSA1024 has 1024 bits */
    const char *name;  /* common name */
    int is_ca;
    long from, until;  /* seconds from now; both 0: an hour around now */
    const char *alt;   /* subjectAltName */
    const char *usage; /* extendedKeyUsage */
    const char *key_usage;
    const EVP_MD *digest; /* SHA-256 */
};

/* A certificate under an issuer, or one that signed itself. */
static UNUSED struct identity make(struct wish wish, const struct identity *issuer)
{
    static long serial = 1;
    struct identity made;
    EVP_PKEY *signer;
    X509_NAME *name;
    const EVP_MD *digest = wish.digest != NULL ? wish.digest : EVP_sha256();

    made.key = make_key(wish.key);
    made.cert = X509_new();
    signer = issuer != NULL ? issuer->key : made.key;
    X509_set_version(made.cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.cert), serial++);
    if (wish.from == 0 && wish.until == 0) {
        wish.from = -3600;
        wish.until = 3600;
    }
    X509_gmtime_adj(X509_getm_notBefore(made.cert), wish.from);
    X509_gmtime_adj(X509_getm_notAfter(made.cert), wish.until);
    X509_set_pubkey(made.cert, made.key);
    name = X509_get_subject_name(made.cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)wish.name, -1, -1,
                               0);
    X509_set_issuer_name(made.cert, issuer != NULL ? X509_get_subject_name(issuer->cert) : name);
    add_extension(made.cert, NID_basic_constraints, wish.is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (wish.alt != NULL)
        add_extension(made.cert, NID_subject_alt_name, wish.alt);
    if (wish.usage != NULL)
        add_extension(made.cert, NID_ext_key_usage, wish.usage);
    if (wish.key_usage != NULL)
        add_extension(made.cert, NID_key_usage, wish.key_usage);
    if (EVP_PKEY_is_a(signer, "ED25519") || EVP_PKEY_is_a(signer, "ED448"))
        digest = NULL;
    require(X509_sign(made.cert, signer, digest) > 0, "sign a certificate");
    return made;
}

static UNUSED void release(struct identity *made)
{
    EVP_PKEY_free(made->key);
    X509_free(made->cert);
}

static UNUSED const char *name_of(const X509 *cert)
{
    static char text[4][128];
    static int at;
    char *to = text[at++ % 4];

    if (cert == NULL)
        return "none";
    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, to, 128);
    return to;
}

static UNUSED void print_chain(const char *label, const STACK_OF(X509) *chain)
{
    printf("%s:", label);
    if (chain == NULL)
        printf(" none");
    for (int i = 0; i < sk_X509_num(chain); i++)
        printf(" %s", name_of(sk_X509_value(chain, i)));
    printf("\n");
}

static UNUSED void print_names(const char *label, const STACK_OF(X509_NAME) *names)
{
    printf("%s:", label);
    if (names == NULL)
        printf(" none");
    for (int i = 0; i < sk_X509_NAME_num(names); i++) {
        char text[128] = "?";

        X509_NAME_get_text_by_NID(sk_X509_NAME_value(names, i), NID_commonName, text,
                                  sizeof(text));
        printf(" %s", text);
    }
    printf("\n");
}

/* Two connections over a BIO pair. */
struct pair {
    SSL *client, *server;
};

static UNUSED SSL_CTX *new_ctx(int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());

    require(ctx != NULL, "make a context");
    require(SSL_CTX_set_min_proto_version(ctx, version) == 1
                && SSL_CTX_set_max_proto_version(ctx, version) == 1,
            "set a version");
    return ctx;
}

static UNUSED void use(SSL_CTX *ctx, const struct identity *own)
{
    require(SSL_CTX_use_certificate(ctx, own->cert) == 1
                && SSL_CTX_use_PrivateKey(ctx, own->key) == 1,
            "use a certificate");
}

static UNUSED void trust(SSL_CTX *ctx, X509 *cert)
{
    require(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), cert) == 1, "trust a certificate");
}

static UNUSED struct pair new_pair(SSL_CTX *client, SSL_CTX *server)
{
    struct pair pair = {SSL_new(client), SSL_new(server)};
    BIO *one, *other;

    require(pair.client != NULL && pair.server != NULL, "make connections");
    require(BIO_new_bio_pair(&one, 1 << 18, &other, 1 << 18) == 1, "make a pair of BIOs");
    SSL_set_bio(pair.client, one, one);
    SSL_set_bio(pair.server, other, other);
    SSL_set_connect_state(pair.client);
    SSL_set_accept_state(pair.server);
    return pair;
}

static UNUSED void free_pair(struct pair pair)
{
    SSL_free(pair.client);
    SSL_free(pair.server);
}

/* One call of one side: its error, or -1 when it is done. What failed is printed once. */
static int step(SSL *ssl, const char *who, int *over)
{
    int result, error;

    if (*over)
        return SSL_ERROR_NONE;
    ERR_clear_error();
    result = SSL_do_handshake(ssl);
    error = SSL_get_error(ssl, result);
    if (error == SSL_ERROR_WANT_READ)
        return error;
    *over = 1;
    printf(" %s: handshake %d error %d\n", who, result, error);
    errors();
    return error;
}

/* Drives both sides to their ends, lets each hear of an alert, and says what became of them. */
static UNUSED int handshake(struct pair pair)
{
    int client_over = 0, server_over = 0;
    char byte;

    for (int round = 0; round < 20 && !(client_over && server_over); round++) {
        step(pair.client, "client", &client_over);
        step(pair.server, "server", &server_over);
    }
    if (SSL_is_init_finished(pair.client)) {
        int result, error;

        /* In TLS 1.3 a client learns only now that it was refused. */
        ERR_clear_error();
        result = SSL_read(pair.client, &byte, 1);
        error = SSL_get_error(pair.client, result);
        if (error != SSL_ERROR_WANT_READ)
            printf(" client: read %d error %d\n", result, error);
        errors();
    }
    return SSL_is_init_finished(pair.client) && SSL_is_init_finished(pair.server);
}

#endif
