/*
 * SSL_MODE_ASYNC: what the library needs of a job's stack, which has 32 KiB and no guard page.
 *
 * Stacks are recognised by their size and come from a mapping with a guard page below, painted before
 * use. What was overwritten tells how deep the calls went. With an argument the depths are printed.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <openssl/async.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define STACK 32768
#define GUARD 4096
#define PAINT 0xa5
#define STACKS 64

/* A quarter of a stack stays free for code that pauses: drivers of hardware, BIOs, callbacks. */
#define ENOUGH (STACK / 4)

static unsigned char *stacks[STACKS];
static int count, verbose;

static void *allocate(size_t size, const char *file, int line)
{
    unsigned char *at;

    (void)file;
    (void)line;
    if (size != STACK || count == STACKS)
        return malloc(size);
    at = mmap(NULL, STACK + GUARD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || mprotect(at, GUARD, PROT_NONE) != 0)
        return NULL;
    stacks[count++] = at + GUARD;
    return memset(at + GUARD, PAINT, STACK);
}

static int is_ours(const void *at)
{
    int i;

    for (i = 0; i < count; i++)
        if (at == stacks[i])
            return 1;
    return 0;
}

static void release(void *at, const char *file, int line)
{
    (void)file;
    (void)line;
    if (!is_ours(at))
        free(at);
}

static void *resize(void *at, size_t size, const char *file, int line)
{
    void *moved;

    if (!is_ours(at))
        return realloc(at, size);
    moved = allocate(size, file, line);
    if (moved != NULL)
        memcpy(moved, at, size < STACK ? size : STACK);
    return moved;
}

/* The deepest byte written since the stacks were last painted; other allocations were filled whole or not at all. */
static int deepest(void)
{
    int i, at, most = 0;

    for (i = 0; i < count; i++) {
        for (at = 0; at < STACK && stacks[i][at] == PAINT; at++)
            ;
        if (STACK - at > most)
            most = STACK - at;
    }
    return most;
}

static EVP_PKEY *new_key(int rsa)
{
    return rsa ? EVP_RSA_gen(4096) : EVP_EC_gen("P-256");
}

static X509 *new_certificate(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
    X509 *x = X509_new();
    X509_NAME *subject = X509_get_subject_name(x);
    X509_EXTENSION *basic;

    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, issuer != NULL ? X509_get_subject_name(issuer) : subject);
    basic = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, issuer != NULL ? "CA:FALSE" : "critical,CA:TRUE");
    X509_add_ext(x, basic, -1);
    X509_EXTENSION_free(basic);
    X509_sign(x, issuer_key != NULL ? issuer_key : key, EVP_sha256());
    return x;
}

static int pick(SSL *ssl, const unsigned char **out, unsigned char *outlen, const unsigned char *in,
    unsigned int inlen, void *arg)
{
    (void)ssl;
    (void)inlen;
    (void)arg;
    *out = in + 1;
    *outlen = in[0];
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *new_context(int server, int version, int rsa, EVP_PKEY *root_key, X509 *root)
{
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    EVP_PKEY *key = new_key(rsa);
    X509 *leaf = new_certificate("leaf.example", key, root, root_key);

    SSL_CTX_set_mode(ctx, SSL_MODE_ASYNC);
    SSL_CTX_set_min_proto_version(ctx, version);
    SSL_CTX_set_max_proto_version(ctx, version);
    SSL_CTX_use_certificate(ctx, leaf);
    SSL_CTX_use_PrivateKey(ctx, key);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), root);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_alpn_select_cb(ctx, pick, NULL);
    SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)"\2h2\10http/1.1", 12);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"x", 1);
    X509_free(leaf);
    EVP_PKEY_free(key);
    return ctx;
}

static void show(const char *what, const char *step)
{
    int depth = deepest();

    printf("%s, %s: %s\n", what, step, depth <= STACK - ENOUGH ? "fits" : "DOES NOT FIT");
    if (verbose)
        printf("    %d bytes\n", depth);
}

static void scenario(const char *what, int version, int rsa)
{
    static unsigned char data[100000], got[100000];
    EVP_PKEY *root_key = new_key(rsa);
    X509 *root = new_certificate("root", root_key, NULL, NULL);
    SSL_CTX *cctx = new_context(0, version, rsa, root_key, root);
    SSL_CTX *sctx = new_context(1, version, rsa, root_key, root);
    SSL *c, *s;
    BIO *cb, *sb;
    int i, n, done = 0;

    c = SSL_new(cctx);
    s = SSL_new(sctx);
    BIO_new_bio_pair(&cb, 200000, &sb, 200000);
    SSL_set_bio(c, cb, cb);
    SSL_set_bio(s, sb, sb);
    SSL_set_tlsext_host_name(c, "leaf.example");
    SSL_set1_host(c, "leaf.example");
    for (i = 0; i < 10 && !done; i++)
        done = (SSL_connect(c) == 1) & (SSL_accept(s) == 1);
    printf("%s: handshake %s\n", what, done ? "done" : "FAILED");
    if (!done)
        ERR_print_errors_fp(stderr);
    show(what, "handshake");
    n = SSL_write(c, data, sizeof(data));
    i = SSL_write(s, data, sizeof(data));
    printf("%s: written %d, %d\n", what, n, i);
    for (i = 0; (n = SSL_read(s, got, sizeof(got))) > 0; i += n)
        SSL_peek(s, got, 1);
    printf("%s: read %d\n", what, i);
    for (i = 0; (n = SSL_read(c, got, sizeof(got))) > 0; i += n)
        ;
    printf("%s: read %d\n", what, i);
    show(what, "transfer");
    SSL_shutdown(c);
    SSL_shutdown(s);
    SSL_shutdown(c);
    printf("%s: shutdown %d\n", what, SSL_get_shutdown(c));
    show(what, "shutdown");
    SSL_free(c);
    SSL_free(s);
    SSL_CTX_free(cctx);
    SSL_CTX_free(sctx);
    X509_free(root);
    EVP_PKEY_free(root_key);
}

int main(int argc, char **argv)
{
    (void)argv;
    verbose = argc > 1;
    CRYPTO_set_mem_functions(allocate, resize, release);
    scenario("TLS 1.3 with P-256", TLS1_3_VERSION, 0);
    scenario("TLS 1.2 with P-256", TLS1_2_VERSION, 0);
    scenario("TLS 1.3 with RSA", TLS1_3_VERSION, 1);
    scenario("TLS 1.2 with RSA", TLS1_2_VERSION, 1);
    return 0;
}
