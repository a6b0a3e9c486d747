/* Lists of suites, groups and signature schemes: set, refused and shown, without a connection. */
#include "common_suites.h"

#include <openssl/dh.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

/* Reasons only: the place of an error is each library's own. */
static void errors(void)
{
    unsigned long entry;
    const char *data;
    int flags;

    while ((entry = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0)
        printf("  error: library %d reason %d %s\n", ERR_GET_LIB(entry), ERR_GET_REASON(entry),
               ERR_GET_LIB(entry) == ERR_LIB_SSL && (flags & ERR_TXT_STRING) ? data : "");
}

static void stack(const char *label, const STACK_OF(SSL_CIPHER) *sk)
{
    printf("%s:", label);
    for (int i = 0; i < sk_SSL_CIPHER_num(sk); i++)
        if (is_common(sk_SSL_CIPHER_value(sk, i)))
            printf(" %s", SSL_CIPHER_get_name(sk_SSL_CIPHER_value(sk, i)));
    printf("\n");
}

static void cipher_strings(void)
{
    static const char *const texts[] = {
        "DEFAULT", "ALL:COMPLEMENTOFALL", "HIGH:!aNULL:!MD5", "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256:FOO:ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE+AESGCM",
        "AES256:!SHA1", "EECDH+aECDSA:-AES128", "@STRENGTH", "ALL:@STRENGTH", "ALL:@SECLEVEL=1",
        "ALL:@SECLEVEL=0:@NONSENSE", "@SECLEVEL=9", "FOO", "", "RC4-MD5", "!ALL", "ALL:-ALL:AESGCM",
        "ALL:+AES128", "SUITEB128", "ALL", "SUITEB192",
    };
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());

    stack("new", SSL_CTX_get_ciphers(ctx));
    printf("level %d\n", SSL_CTX_get_security_level(ctx));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        printf("set '%s': %d, level %d\n", texts[i], SSL_CTX_set_cipher_list(ctx, texts[i]),
               SSL_CTX_get_security_level(ctx));
        errors();
        stack("  now", SSL_CTX_get_ciphers(ctx));
    }
    printf("NULL: %d\n", SSL_CTX_set_cipher_list(ctx, NULL));
    errors();
    printf("flags: %lx\n", SSL_CTX_clear_cert_flags(ctx, 0));
    SSL_CTX_free(ctx);
}

static void ciphersuites(void)
{
    static const char *const texts[] = {
        "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384",
        " TLS_AES_128_GCM_SHA256 : FOO", "FOO", "", ":", "TLS_AES_128_GCM_SHA256:TLS_AES_128_GCM_SHA256",
    };
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        printf("suites '%s': %d\n", texts[i], SSL_CTX_set_ciphersuites(ctx, texts[i]));
        errors();
        stack("  now", SSL_CTX_get_ciphers(ctx));
    }
    SSL_CTX_free(ctx);
}

/* A connection follows its context until it has a list of its own. */
static void ownership(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method()), *other = SSL_CTX_new(TLS_method());
    SSL *ssl, *copy;
    STACK_OF(SSL_CIPHER) *sk;

    SSL_CTX_set_cipher_list(ctx, "ECDHE-RSA-AES256-GCM-SHA384");
    SSL_CTX_set_cipher_list(other, "ECDHE-ECDSA-AES128-GCM-SHA256");
    SSL_CTX_set_ciphersuites(other, "TLS_AES_128_GCM_SHA256");
    ssl = SSL_new(ctx);
    sk = SSL_get_ciphers(ssl);
    printf("the context's: %d, stable: %d\n", sk == SSL_CTX_get_ciphers(ctx), sk == SSL_get_ciphers(ssl));
    stack("ssl", sk);
    SSL_CTX_set_cipher_list(ctx, "ECDHE-RSA-CHACHA20-POLY1305");
    stack("context changed", SSL_get_ciphers(ssl));
    SSL_set_SSL_CTX(ssl, other);
    stack("context switched", SSL_get_ciphers(ssl));
    printf("own suites: %d\n", SSL_set_cipher_list(ssl, "ECDHE-RSA-AES128-GCM-SHA256"));
    stack("ssl", SSL_get_ciphers(ssl));
    SSL_CTX_set_cipher_list(other, "ECDHE-RSA-CHACHA20-POLY1305");
    stack("context changed", SSL_get_ciphers(ssl));
    copy = SSL_dup(ssl);
    stack("dup", SSL_get_ciphers(copy));
    SSL_free(copy);
    printf("0: %s\n", SSL_get_cipher_list(ssl, 0));
    printf("99: %d\n", SSL_get_cipher_list(ssl, 99) == NULL);
    printf("-1: %d\n", SSL_get_cipher_list(ssl, -1) == NULL);
    SSL_free(ssl);

    ssl = SSL_new(ctx);
    printf("refused: %d\n", SSL_set_ciphersuites(ssl, "FOO"));
    errors();
    SSL_CTX_set_cipher_list(ctx, "ECDHE-RSA-AES256-GCM-SHA384");
    stack("own although refused", SSL_get_ciphers(ssl));
    printf("no match: %d\n", SSL_set_cipher_list(ssl, "FOO"));
    errors();
    stack("none of TLS 1.2", SSL_get_ciphers(ssl));
    SSL_free(ssl);
    printf("NULL: %d %d %d\n", SSL_get_ciphers(NULL) == NULL, SSL_CTX_get_ciphers(NULL) == NULL,
           SSL_get_cipher_list(NULL, 0) == NULL);
    SSL_CTX_free(ctx);
    SSL_CTX_free(other);
}

static void supported(const char *label, SSL *ssl)
{
    STACK_OF(SSL_CIPHER) *sk = SSL_get1_supported_ciphers(ssl);

    if (sk == NULL)
        printf("%s: none\n", label);
    else
        stack(label, sk);
    sk_SSL_CIPHER_free(sk);
}

static void supported_ciphers(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL *ssl = SSL_new(ctx);

    supported("all", ssl);
    SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
    supported("up to 1.2", ssl);
    SSL_set_min_proto_version(ssl, TLS1_3_VERSION);
    supported("nothing left", ssl);
    SSL_set_max_proto_version(ssl, 0);
    supported("1.3", ssl);
    SSL_set_min_proto_version(ssl, 0);
    SSL_set_options(ssl, SSL_OP_NO_TLSv1_3);
    supported("without 1.3", ssl);
    SSL_set1_sigalgs_list(ssl, "RSA+SHA256:rsa_pss_rsae_sha256");
    supported("RSA alone", ssl);
    SSL_set1_sigalgs_list(ssl, "ed25519");
    supported("Ed25519 alone", ssl);
    SSL_set_security_level(ssl, 4);
    SSL_set1_sigalgs_list(ssl, "RSA+SHA384:ECDSA+SHA384");
    supported("level 4", ssl);
    SSL_set1_sigalgs_list(ssl, "RSA+SHA256:ECDSA+SHA384");
    supported("level 4, RSA too weak", ssl);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static void bytes(const char *label, const char *text, size_t len, int v2)
{
    STACK_OF(SSL_CIPHER) *sk = NULL, *scsvs = NULL;
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL *ssl = SSL_new(ctx);
    int ret = SSL_bytes_to_cipher_list(ssl, (const unsigned char *)text, len, v2, &sk, &scsvs);

    printf("%s: %d\n", label, ret);
    errors();
    if (ret)
        stack("  found", sk);
    sk_SSL_CIPHER_free(sk);
    sk_SSL_CIPHER_free(scsvs);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static void groups(void)
{
    static const char *const texts[] = {
        "X25519:P-256", "P-521", "prime256v1", "X448", "P-256:P-256", "P-256:FOO", "", ":", "P-256:", "x25519",
    };
    static int nids[] = { NID_X25519, NID_X9_62_prime256v1 }, twice[] = { NID_X25519, NID_X25519 },
        bad[] = { NID_rsaEncryption };
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL *ssl = SSL_new(ctx);
    EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1), *empty = EC_KEY_new();
    DH *dh = DH_get_2048_224(), *small = DH_get_1024_160();

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        printf("groups '%s': %ld %ld\n", texts[i], SSL_CTX_set1_groups_list(ctx, texts[i]),
               SSL_set1_groups_list(ssl, texts[i]));
        errors();
    }
    printf("by number: %ld %ld\n", SSL_CTX_set1_groups(ctx, nids, 2), SSL_set1_groups(ssl, nids, 2));
    printf("none: %ld\n", SSL_CTX_set1_groups(ctx, nids, 0));
    errors();
    printf("twice: %ld\n", SSL_CTX_set1_groups(ctx, twice, 2));
    errors();
    printf("no group: %ld\n", SSL_CTX_set1_groups(ctx, bad, 1));
    errors();
    printf("shared: %ld, the peer's: %ld\n", SSL_get_shared_group(ssl, 0), SSL_get1_groups(ssl, NULL));

    printf("tmp_ecdh: %ld %ld\n", SSL_CTX_set_tmp_ecdh(ctx, key), SSL_set_tmp_ecdh(ssl, key));
    printf("tmp_ecdh without curve: %ld\n", SSL_CTX_set_tmp_ecdh(ctx, empty));
    errors();
    printf("tmp_ecdh NULL: %ld\n", SSL_CTX_set_tmp_ecdh(ctx, NULL));
    errors();
    printf("ecdh_auto: %d %d\n", SSL_CTX_set_ecdh_auto(ctx, 1), SSL_set_ecdh_auto(ssl, 1));
    printf("tmp_dh: %ld %ld\n", SSL_CTX_set_tmp_dh(ctx, dh), SSL_set_tmp_dh(ssl, dh));
    printf("tmp_dh 1024: %ld %ld\n", SSL_CTX_set_tmp_dh(ctx, small), SSL_set_tmp_dh(ssl, small));
    errors();
    SSL_CTX_set_security_level(ctx, 1);
    printf("tmp_dh 1024 at level 1: %ld\n", SSL_CTX_set_tmp_dh(ctx, small));
    printf("tmp_dh NULL: %ld\n", SSL_CTX_set_tmp_dh(ctx, NULL));
    errors();
    printf("dh_auto: %ld %ld\n", SSL_CTX_set_dh_auto(ctx, 1), SSL_set_dh_auto(ssl, 2));
    EC_KEY_free(key);
    EC_KEY_free(empty);
    DH_free(dh);
    DH_free(small);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static void schemes(void)
{
    static const char *const texts[] = {
        "RSA+SHA256:ECDSA+SHA256", "rsa_pss_rsae_sha256", "RSA", "RSA+FOO", "", "RSA+SHA256:RSA+SHA256", "ed25519:ed448",
    };
    static int nids[] = { NID_sha256, EVP_PKEY_RSA, NID_sha384, EVP_PKEY_EC }, bad[] = { NID_md5, EVP_PKEY_RSA };
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL *ssl = SSL_new(ctx);
    int value = 77;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        printf("schemes '%s': %ld %ld %ld %ld\n", texts[i], SSL_CTX_set1_sigalgs_list(ctx, texts[i]),
               SSL_set1_sigalgs_list(ssl, texts[i]), SSL_CTX_set1_client_sigalgs_list(ctx, texts[i]),
               SSL_set1_client_sigalgs_list(ssl, texts[i]));
        errors();
    }
    printf("by number: %ld %ld\n", SSL_CTX_set1_sigalgs(ctx, nids, 4), SSL_set1_client_sigalgs(ssl, nids, 4));
    printf("odd: %ld\n", SSL_CTX_set1_sigalgs(ctx, nids, 3));
    errors();
    printf("no scheme: %ld\n", SSL_CTX_set1_sigalgs(ctx, bad, 2));
    errors();
    printf("the peer's: %d, shared: %d\n", SSL_get_sigalgs(ssl, -1, NULL, NULL, NULL, NULL, NULL),
           SSL_get_shared_sigalgs(ssl, 0, NULL, NULL, NULL, NULL, NULL));
    printf("signature: %d %d %ld %ld, %d\n", SSL_get_signature_type_nid(ssl, &value),
           SSL_get_peer_signature_type_nid(ssl, &value), SSL_get_signature_nid(ssl, &value),
           SSL_get_peer_signature_nid(ssl, &value), value);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static void versions(void)
{
    static const int numbers[] = { 0, 2, 0x300, 0x301, 0x303, 0x304, 0x305, -1 };
    SSL_CTX *ctx = SSL_CTX_new(TLS_method()), *fixed = SSL_CTX_new(TLSv1_2_method());
    SSL *ssl = SSL_new(ctx), *fixed_ssl = SSL_new(fixed);

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int n = numbers[i];

        printf("min %x: %ld %ld, now %lx %lx; fixed %ld %lx\n", n, SSL_CTX_set_min_proto_version(ctx, n),
               SSL_set_min_proto_version(ssl, n), SSL_CTX_get_min_proto_version(ctx),
               SSL_get_min_proto_version(ssl), SSL_CTX_set_min_proto_version(fixed, n),
               SSL_CTX_get_min_proto_version(fixed));
        errors();
        if (n >= 0x300 && n < 0x303)
            continue;
        printf("max %x: %ld %ld, now %lx %lx; fixed %ld %lx\n", n, SSL_CTX_set_max_proto_version(ctx, n),
               SSL_set_max_proto_version(ssl, n), SSL_CTX_get_max_proto_version(ctx),
               SSL_get_max_proto_version(ssl), SSL_CTX_set_max_proto_version(fixed, n),
               SSL_CTX_get_max_proto_version(fixed));
        errors();
    }
    printf("version: %x %s, client %x\n", SSL_version(ssl), SSL_get_version(ssl), SSL_client_version(ssl));
    printf("fixed: %x %s, client %x\n", SSL_version(fixed_ssl), SSL_get_version(fixed_ssl),
           SSL_client_version(fixed_ssl));
    printf("cipher: %d %d\n", SSL_get_current_cipher(ssl) == NULL, SSL_get_pending_cipher(ssl) == NULL);
    printf("client ciphers: %d\n", SSL_get_client_ciphers(ssl) == NULL);
    printf("method: %d %d\n", SSL_CTX_get_ssl_method(ctx) == TLS_method(), SSL_get_ssl_method(ssl) == TLS_method());
    printf("set method: %d\n", SSL_set_ssl_method(ssl, TLSv1_2_method()));
    printf("version: %x %s\n", SSL_version(ssl), SSL_get_version(ssl));
    SSL_CTX_set_cipher_list(ctx, "ECDHE-RSA-AES256-GCM-SHA384");
    printf("set version: %d\n", SSL_CTX_set_ssl_version(ctx, TLSv1_2_method()));
    stack("now", SSL_CTX_get_ciphers(ctx));
    SSL_free(ssl);
    SSL_free(fixed_ssl);
    SSL_CTX_free(ctx);
    SSL_CTX_free(fixed);
}

static int asked;

static int refuse_all(const SSL *s, const SSL_CTX *ctx, int op, int bits, int nid, void *other, void *ex)
{
    asked++;
    return *(int *)ex;
}

static void security(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL *ssl = SSL_new(ctx);
    int answer = 0, data;
    int (*by_level)(const SSL *, const SSL_CTX *, int, int, int, void *, void *)
        = SSL_CTX_get_security_callback(ctx);

    printf("level %d, set: ", SSL_get_security_level(ssl));
    SSL_set_security_level(ssl, 3);
    printf("%d, the context's %d\n", SSL_get_security_level(ssl), SSL_CTX_get_security_level(ctx));
    printf("the same callback: %d\n", by_level == SSL_get_security_callback(ssl));
    printf("asked by level: %d %d %d %d\n",
           by_level(NULL, ctx, SSL_SECOP_CURVE_SUPPORTED, 112, 0, NULL, NULL),
           by_level(NULL, ctx, SSL_SECOP_CURVE_SUPPORTED, 111, 0, NULL, NULL),
           by_level(ssl, NULL, SSL_SECOP_CURVE_SUPPORTED, 127, 0, NULL, NULL),
           by_level(ssl, NULL, SSL_SECOP_TICKET, 0, 0, NULL, NULL));
    SSL_set_security_callback(ssl, refuse_all);
    SSL_set0_security_ex_data(ssl, &answer);
    printf("set: %d %d\n", SSL_get_security_callback(ssl) == refuse_all, SSL_get0_security_ex_data(ssl) == &answer);
    supported("refused", ssl);
    answer = 1;
    supported("allowed", ssl);
    printf("asked: %d\n", asked > 0);
    SSL_CTX_set0_security_ex_data(ctx, &data);
    printf("data: %d %d\n", SSL_CTX_get0_security_ex_data(ctx) == &data, SSL_get0_security_ex_data(ssl) == &answer);
    SSL_set_security_callback(ssl, by_level);
    printf("back: %d\n", SSL_get_security_callback(ssl) == by_level);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    cipher_strings();
    ciphersuites();
    ownership();
    supported_ciphers();
    bytes("wire", "\x13\x01\xc0\x2f\x00\xff\x56\x00\x00\x2f", 10, 0);
    bytes("wire, SSL 2", "\x00\x13\x01\x01\x00\x80\x00\xc0\x2b", 9, 1);
    bytes("wire, odd", "\x13\x01\xc0", 3, 0);
    bytes("wire, empty", "", 0, 0);
    groups();
    schemes();
    versions();
    security();
    return 0;
}
