/* What two connections agree on, over memory, for many settings of the server and the client. */
#include "self_signed.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

static EVP_PKEY *rsa_key, *p256_key, *p384_key, *ed25519_key;
static X509 *rsa_cert, *p256_cert, *p384_cert, *ed25519_cert;

static void make_certificates(void)
{
    rsa_key = EVP_RSA_gen(2048);
    p256_key = EVP_EC_gen("P-256");
    p384_key = EVP_EC_gen("P-384");
    ed25519_key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    rsa_cert = self_signed(rsa_key);
    p256_cert = self_signed(p256_key);
    p384_cert = self_signed(p384_key);
    ed25519_cert = self_signed(ed25519_key);
}

#define RSA_ 1
#define P256 2
#define P384 4
#define ED25519 8

static void install(SSL_CTX *ctx, X509 *cert, EVP_PKEY *key)
{
    SSL_CTX_use_certificate(ctx, cert);
    SSL_CTX_use_PrivateKey(ctx, key);
}

static void use(SSL_CTX *ctx, int certs)
{
    if (certs & RSA_)
        install(ctx, rsa_cert, rsa_key);
    if (certs & P256)
        install(ctx, p256_cert, p256_key);
    if (certs & P384)
        install(ctx, p384_cert, p384_key);
    if (certs & ED25519)
        install(ctx, ed25519_cert, ed25519_key);
}

static void errors(const char *who)
{
    unsigned long entry;

    while ((entry = ERR_get_error()) != 0)
        printf("  %s: library %d reason %d\n", who, ERR_GET_LIB(entry), ERR_GET_REASON(entry));
}

/* Suites and groups that both libraries have: what a side uses that sets no others. */
#define COMMON \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:" \
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
#define GROUPS "X25519:P-256:P-384"

struct side {
    const char *ciphers, *suites, *groups, *sigalgs;
    int min, max;
    unsigned long options, mode;
    int level;
};

static void set(SSL_CTX *ctx, const struct side *side)
{
    if (!SSL_CTX_set_cipher_list(ctx, side->ciphers != NULL ? side->ciphers : COMMON))
        printf("  ciphers refused\n");
    if (side->suites != NULL && !SSL_CTX_set_ciphersuites(ctx, side->suites))
        printf("  suites refused\n");
    if (!SSL_CTX_set1_groups_list(ctx, side->groups != NULL ? side->groups : GROUPS))
        printf("  groups refused\n");
    if (side->sigalgs != NULL && !SSL_CTX_set1_sigalgs_list(ctx, side->sigalgs))
        printf("  schemes refused\n");
    SSL_CTX_set_min_proto_version(ctx, side->min);
    SSL_CTX_set_max_proto_version(ctx, side->max);
    SSL_CTX_set_options(ctx, side->options);
    SSL_CTX_set_mode(ctx, side->mode);
    if (side->level != 0)
        SSL_CTX_set_security_level(ctx, side->level);
}

static int show_info;

static void schemes(const char *label, SSL *ssl, int (*get)(SSL *, int, int *, int *, int *, unsigned char *, unsigned char *))
{
    int n = get(ssl, 0, NULL, NULL, NULL, NULL, NULL), sign, hash, both;
    unsigned char rsig, rhash;

    printf("  %s: %d", label, n);
    for (int i = 0; i < n; i++) {
        get(ssl, i, &sign, &hash, &both, &rsig, &rhash);
        printf(" %02x%02x/%d/%d/%d", rhash, rsig, sign, hash, both);
    }
    printf("\n");
}

static const char *name_of(X509 *cert)
{
    return cert == NULL ? "none" : X509_cmp(cert, rsa_cert) == 0 ? "RSA" : X509_cmp(cert, p256_cert) == 0 ? "P-256"
        : X509_cmp(cert, p384_cert) == 0 ? "P-384" : X509_cmp(cert, ed25519_cert) == 0 ? "Ed25519" : "other";
}

static void outcome(SSL *server, SSL *client)
{
    int nid = 0;
    char text[512];

    printf("  %s %s, group %ld %ld", SSL_get_version(server), SSL_CIPHER_get_name(SSL_get_current_cipher(server)),
           SSL_get_negotiated_group(server), SSL_get_negotiated_group(client));
    if (SSL_get_signature_type_nid(server, &nid))
        printf(", signed %d", nid);
    SSL_get_signature_nid(server, &nid);
    printf(" %d", nid);
    if (SSL_get_peer_signature_type_nid(client, &nid))
        printf(", seen %d", nid);
    SSL_get_peer_signature_nid(client, &nid);
    printf(" %d\n", nid);
    printf("  the same: %d %d, pending %d\n", SSL_get_current_cipher(server) == SSL_get_current_cipher(client),
           SSL_version(server) == SSL_version(client), SSL_get_pending_cipher(server) == SSL_get_current_cipher(server));
    printf("  certificate: %s\n", name_of(SSL_get0_peer_certificate(client)));
    if (!show_info)
        return;
    printf("  client version: %x %x\n", SSL_client_version(server), SSL_client_version(client));
    printf("  shared groups: %ld, first %ld, for a key %ld, number 9 %ld\n", SSL_get_shared_group(server, -1),
           SSL_get_shared_group(server, 0), SSL_get_shared_group(server, -2), SSL_get_shared_group(server, 9));
    printf("  on the client: %ld\n", SSL_get_shared_group(client, 0));
    printf("  groups: %ld, on the client %ld\n", SSL_get1_groups(server, NULL), SSL_get1_groups(client, NULL));
    schemes("offered", server, SSL_get_sigalgs);
    schemes("shared", server, SSL_get_shared_sigalgs);
    printf("  shared ciphers: %s\n", SSL_get_shared_ciphers(server, text, sizeof(text)));
    printf("  with little room: %s\n", SSL_get_shared_ciphers(server, text, 40));
    printf("  without room: %d, on the client: %d\n", SSL_get_shared_ciphers(server, text, 1) == NULL,
           SSL_get_shared_ciphers(client, text, sizeof(text)) == NULL);
    printf("  client ciphers: %d, on the client: %d\n", sk_SSL_CIPHER_num(SSL_get_client_ciphers(server)),
           SSL_get_client_ciphers(client) == NULL);
    printf("  extended master secret: %ld %ld\n", SSL_get_extms_support(server), SSL_get_extms_support(client));
    printf("  secure renegotiation: %ld %ld\n", SSL_get_secure_renegotiation_support(server),
           SSL_get_secure_renegotiation_support(client));
    {
        unsigned char *raw = NULL;
        const char *points = NULL;
        size_t n = SSL_get0_raw_cipherlist(server, &raw);

        printf("  raw: %zu bytes, each %ld", n, SSL_get0_raw_cipherlist(server, NULL));
        for (size_t i = 0; i < n; i++)
            printf("%s%02x", i % 2 ? "" : " ", raw[i]);
        n = SSL_get0_ec_point_formats(server, &points);
        printf("\n  points: %d, first %d\n", n > 0, n ? points[0] : -1);
    }
}

static void try(const char *label, int certs, const struct side *s, const struct side *c)
{
    SSL_CTX *sctx = SSL_CTX_new(TLS_server_method()), *cctx = SSL_CTX_new(TLS_client_method());
    SSL *server, *client;
    BIO *a, *b;
    int done = 0, sret = -1, cret = -1;

    printf("%s\n", label);
    set(sctx, s);
    set(cctx, c);
    use(sctx, certs);
    server = SSL_new(sctx);
    client = SSL_new(cctx);
    BIO_new_bio_pair(&a, 0, &b, 0);
    SSL_set_bio(client, a, a);
    SSL_set_bio(server, b, b);
    ERR_clear_error();
    for (int i = 0; i < 20 && !done; i++) {
        if (cret <= 0 && (cret = SSL_connect(client)) <= 0 && SSL_get_error(client, cret) != SSL_ERROR_WANT_READ) {
            printf("  client failed\n");
            errors("client");
            done = 1;
        }
        if (sret <= 0 && (sret = SSL_accept(server)) <= 0 && SSL_get_error(server, sret) != SSL_ERROR_WANT_READ
            && !done) {
            printf("  server failed, version %s\n", SSL_get_version(server));
            errors("server");
            cret = SSL_connect(client);
            errors("client");
            done = 1;
        }
        done |= sret > 0 && cret > 0;
    }
    if (sret > 0 && cret > 0)
        outcome(server, client);
    SSL_free(server);
    SSL_free(client);
    SSL_CTX_free(sctx);
    SSL_CTX_free(cctx);
}

#define TRY(label, certs, server, client) \
    do { \
        static const struct side s = server, c = client; \
        try(label, certs, &s, &c); \
    } while (0)
#define SIDE(...) { __VA_ARGS__ }
#define ONLY12 .max = TLS1_2_VERSION

static void suites(void)
{
    TRY("defaults", RSA_, SIDE(), SIDE());
    TRY("TLS 1.2", RSA_, SIDE(ONLY12), SIDE());
    TRY("the client's order", RSA_,
        SIDE(.suites = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"),
        SIDE(.suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"));
    TRY("the server's order", RSA_,
        SIDE(.suites = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256", .options = SSL_OP_CIPHER_SERVER_PREFERENCE),
        SIDE(.suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"));
    TRY("ChaCha20 first", RSA_,
        SIDE(.options = SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA),
        SIDE(.suites = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"));
    TRY("ChaCha20 not first", RSA_,
        SIDE(.options = SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA),
        SIDE(.suites = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"));
    TRY("ChaCha20 first, TLS 1.2", RSA_,
        SIDE(ONLY12, .options = SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA),
        SIDE(ONLY12, .ciphers = "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256"));
    TRY("the client's order, TLS 1.2", RSA_, SIDE(ONLY12),
        SIDE(ONLY12, .ciphers = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384"));
    TRY("nothing shared, TLS 1.3", RSA_, SIDE(.suites = "TLS_AES_256_GCM_SHA384"),
        SIDE(.suites = "TLS_AES_128_GCM_SHA256"));
    TRY("nothing shared, TLS 1.2", RSA_, SIDE(ONLY12, .ciphers = "ECDHE-RSA-AES128-GCM-SHA256"),
        SIDE(.ciphers = "ECDHE-RSA-AES256-GCM-SHA384"));
    TRY("the client has none of TLS 1.3", RSA_, SIDE(), SIDE(.suites = ""));
    TRY("the server has none of TLS 1.3", RSA_, SIDE(.suites = ""), SIDE());
    TRY("too weak for the server", RSA_, SIDE(.suites = "TLS_AES_128_GCM_SHA256", .level = 4), SIDE());
}

static void certificates(void)
{
    TRY("none", 0, SIDE(), SIDE());
    TRY("none, TLS 1.3 alone", 0, SIDE(.min = TLS1_3_VERSION), SIDE());
    TRY("none, TLS 1.2 alone", 0, SIDE(ONLY12), SIDE());
    TRY("RSA and P-256", RSA_ | P256, SIDE(), SIDE());
    TRY("RSA and P-256, TLS 1.2", RSA_ | P256, SIDE(ONLY12), SIDE());
    TRY("RSA and P-256, the client prefers RSA", RSA_ | P256, SIDE(ONLY12),
        SIDE(.ciphers = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256"));
    TRY("RSA and P-256, the client verifies RSA alone", RSA_ | P256, SIDE(),
        SIDE(.sigalgs = "rsa_pss_rsae_sha384:rsa_pss_rsae_sha256:RSA+SHA256"));
    TRY("the server's order of schemes", RSA_ | P256,
        SIDE(.sigalgs = "rsa_pss_rsae_sha512:ECDSA+SHA256", .options = SSL_OP_CIPHER_SERVER_PREFERENCE), SIDE());
    TRY("the server has one scheme", RSA_ | P256, SIDE(.sigalgs = "rsa_pss_rsae_sha512"), SIDE());
    TRY("no scheme shared", RSA_, SIDE(.sigalgs = "rsa_pss_rsae_sha512"), SIDE(.sigalgs = "rsa_pss_rsae_sha256"));
    TRY("no scheme shared, TLS 1.2", RSA_, SIDE(ONLY12, .sigalgs = "RSA+SHA512"), SIDE(.sigalgs = "RSA+SHA256"));
    TRY("no scheme for the key", RSA_, SIDE(), SIDE(.sigalgs = "ECDSA+SHA256"));
    TRY("no scheme for the key, TLS 1.2", RSA_, SIDE(ONLY12), SIDE(.sigalgs = "ECDSA+SHA256"));
    TRY("PKCS #1 alone, TLS 1.3", RSA_, SIDE(), SIDE(.sigalgs = "RSA+SHA256:ECDSA+SHA256"));
    TRY("PKCS #1, TLS 1.2", RSA_, SIDE(ONLY12), SIDE(.sigalgs = "RSA+SHA384:RSA+SHA256"));
    TRY("P-384", P384, SIDE(), SIDE());
    TRY("P-384, TLS 1.2", P384, SIDE(ONLY12), SIDE());
    TRY("P-384, TLS 1.3, SHA-256 first", P384, SIDE(), SIDE(.sigalgs = "ECDSA+SHA256:ECDSA+SHA384"));
    TRY("P-384, TLS 1.2, SHA-256 first", P384, SIDE(ONLY12), SIDE(.sigalgs = "ECDSA+SHA256:ECDSA+SHA384"));
    TRY("P-384, the client lacks the curve, TLS 1.2", P384 | RSA_, SIDE(ONLY12), SIDE(.groups = "X25519:P-256"));
    TRY("P-384 alone, the client lacks the curve, TLS 1.2", P384, SIDE(ONLY12), SIDE(.groups = "X25519:P-256"));
    TRY("Ed25519", ED25519, SIDE(), SIDE());
    TRY("Ed25519, TLS 1.2", ED25519, SIDE(ONLY12), SIDE());
    TRY("Ed25519 and RSA", ED25519 | RSA_, SIDE(), SIDE(.sigalgs = "rsa_pss_rsae_sha256:ed25519"));
    TRY("P-256, TLS 1.3 needs P-384", P256, SIDE(.sigalgs = "ECDSA+SHA384"), SIDE());
}

static void groups(void)
{
    TRY("the client's first", RSA_, SIDE(), SIDE(.groups = "P-256:X25519"));
    TRY("the client's first, TLS 1.2", RSA_, SIDE(ONLY12), SIDE(.groups = "P-256:X25519"));
    TRY("the server's first, TLS 1.2", RSA_, SIDE(ONLY12, .options = SSL_OP_CIPHER_SERVER_PREFERENCE),
        SIDE(.groups = "P-256:X25519"));
    TRY("another share is asked for", RSA_, SIDE(.groups = "P-384"), SIDE());
    TRY("the server's first is asked for", RSA_, SIDE(.groups = "P-384:P-256"), SIDE(.groups = "X25519:P-256:P-384"));
    TRY("nothing shared", RSA_, SIDE(.groups = "P-384"), SIDE(.groups = "X25519"));
    TRY("nothing shared, TLS 1.2", RSA_, SIDE(ONLY12, .groups = "P-384"), SIDE(.groups = "X25519"));
    TRY("too weak", RSA_, SIDE(.level = 4, .groups = "X25519:P-384", .suites = "TLS_AES_256_GCM_SHA384"), SIDE());
}

static void versions(void)
{
    TRY("1.2 and 1.3", RSA_, SIDE(.max = TLS1_2_VERSION), SIDE(.min = TLS1_3_VERSION));
    TRY("1.3 and 1.2", RSA_, SIDE(.min = TLS1_3_VERSION), SIDE(.max = TLS1_2_VERSION));
    TRY("off by option", RSA_, SIDE(.options = SSL_OP_NO_TLSv1_3), SIDE());
    TRY("1.2 off by option", RSA_, SIDE(.min = TLS1_2_VERSION, .options = SSL_OP_NO_TLSv1_2), SIDE(.max = TLS1_2_VERSION));
    TRY("the client has none", RSA_, SIDE(), SIDE(.min = TLS1_3_VERSION, .max = TLS1_2_VERSION));
    TRY("the server has none", RSA_, SIDE(.min = TLS1_3_VERSION, .max = TLS1_2_VERSION), SIDE());
    TRY("fallback", RSA_, SIDE(), SIDE(ONLY12, .mode = SSL_MODE_SEND_FALLBACK_SCSV));
    TRY("fallback, needed", RSA_, SIDE(ONLY12), SIDE(ONLY12, .mode = SSL_MODE_SEND_FALLBACK_SCSV));
    TRY("fallback, the newest", RSA_, SIDE(), SIDE(.mode = SSL_MODE_SEND_FALLBACK_SCSV));
    TRY("fallback, without certificate for 1.3", P384, SIDE(.sigalgs = "ECDSA+SHA256"),
        SIDE(ONLY12, .mode = SSL_MODE_SEND_FALLBACK_SCSV));
    TRY("fallback, off by option", RSA_, SIDE(.options = SSL_OP_NO_TLSv1_3),
        SIDE(ONLY12, .mode = SSL_MODE_SEND_FALLBACK_SCSV));
}

static void accessors(void)
{
    show_info = 1;
    TRY("accessors", RSA_, SIDE(), SIDE());
    TRY("accessors, TLS 1.2", RSA_, SIDE(ONLY12), SIDE());
    TRY("accessors, the server's order", RSA_, SIDE(.options = SSL_OP_CIPHER_SERVER_PREFERENCE), SIDE());
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    make_certificates();
    suites();
    certificates();
    groups();
    versions();
    accessors();
    return 0;
}
