/* Chains: what is sent behind a certificate, and how one is built. */
#include "cert_common.h"

static struct identity root, middle, lower, leaf, self_signed, expired_middle, expired_leaf, weak_middle,
    weak_leaf;

static void check(const char *label, long result)
{
    STACK_OF(X509) *chain = NULL;

    (void)chain;
    printf("%s: %ld\n", label, result);
    errors();
}

static X509_STORE *store_of(int count, X509 **certs)
{
    X509_STORE *store = X509_STORE_new();

    for (int i = 0; i < count; i++)
        require(X509_STORE_add_cert(store, certs[i]) == 1, "fill a store");
    return store;
}

/* What a client sees of a server's chain. */
static void served(const char *label, SSL_CTX *server)
{
    SSL_CTX *client = new_ctx(TLS1_3_VERSION);
    struct pair pair;

    printf("%s\n", label);
    pair = new_pair(client, server);
    handshake(pair);
    print_chain(" shown", SSL_get_peer_cert_chain(pair.client));
    free_pair(pair);
    SSL_CTX_free(client);
}

static SSL_CTX *new_server(const struct identity *own)
{
    SSL_CTX *server = new_ctx(TLS1_3_VERSION);

    use(server, own);
    return server;
}

static void sent(void)
{
    SSL_CTX *server = new_server(&leaf);
    X509_STORE *store;

    printf("- sent\n");
    served("nothing known", server);
    trust(server, lower.cert);
    trust(server, middle.cert);
    served("part in the trust store", server);
    trust(server, root.cert);
    served("all in the trust store", server);
    store = store_of(1, (X509 *[]){lower.cert});
    SSL_CTX_set1_chain_cert_store(server, store);
    served("chain store", server);
    SSL_CTX_set1_verify_cert_store(server, store);
    X509_STORE_free(store);
    SSL_CTX_set_mode(server, SSL_MODE_NO_AUTO_CHAIN);
    served("not by itself", server);
    SSL_CTX_clear_mode(server, SSL_MODE_NO_AUTO_CHAIN);
    require(SSL_CTX_add_extra_chain_cert(server, X509_dup(middle.cert)) == 1, "add");
    served("extra", server);
    require(SSL_CTX_add1_chain_cert(server, root.cert) == 1, "add");
    served("own before extra", server);
    require(SSL_CTX_set0_chain(server, sk_X509_new_null()) == 1, "set");
    served("empty", server);
    require(SSL_CTX_clear_chain_certs(server) == 1, "clear");
    served("extra again", server);
    SSL_CTX_free(server);
    server = new_server(&self_signed);
    served("self-signed", server);
    trust(server, self_signed.cert);
    served("self-signed, trusted", server);
    SSL_CTX_free(server);
    server = new_server(&expired_leaf);
    trust(server, expired_middle.cert);
    trust(server, root.cert);
    served("expired", server);
    SSL_CTX_free(server);
    server = new_server(&weak_leaf);
    trust(server, weak_middle.cert);
    trust(server, root.cert);
    served("weak authority", server);
    SSL_CTX_set_security_level(server, 0);
    served("weak authority, level 0", server);
    require(SSL_CTX_add1_chain_cert(server, weak_middle.cert) == 1, "add");
    SSL_CTX_set_security_level(server, 2);
    served("weak authority, set at a lower level", server);
    SSL_CTX_free(server);
}

static void build(const char *label, SSL_CTX *ctx, long flags)
{
    STACK_OF(X509) *chain = NULL;

    check(label, SSL_CTX_build_cert_chain(ctx, flags));
    SSL_CTX_get0_chain_certs(ctx, &chain);
    print_chain(" chain", chain);
}

static void built(void)
{
    SSL_CTX *ctx = new_ctx(TLS1_3_VERSION);
    STACK_OF(X509) *chain = NULL;
    X509_STORE *store;
    SSL *ssl;

    printf("- built\n");
    build("no certificate", ctx, 0);
    use(ctx, &leaf);
    build("nothing known", ctx, 0);
    build("errors ignored", ctx, SSL_BUILD_CHAIN_FLAG_IGNORE_ERROR);
    build("and cleared", ctx, SSL_BUILD_CHAIN_FLAG_IGNORE_ERROR | SSL_BUILD_CHAIN_FLAG_CLEAR_ERROR);
    trust(ctx, root.cert);
    build("root alone", ctx, 0);
    SSL_CTX_add1_chain_cert(ctx, middle.cert);
    SSL_CTX_add1_chain_cert(ctx, lower.cert);
    build("without what is set", ctx, 0);
    build("with what is set", ctx, SSL_BUILD_CHAIN_FLAG_UNTRUSTED);
    build("without root", ctx, SSL_BUILD_CHAIN_FLAG_UNTRUSTED | SSL_BUILD_CHAIN_FLAG_NO_ROOT);
    build("checked, incomplete", ctx, SSL_BUILD_CHAIN_FLAG_CHECK);
    build("checked, ignored", ctx, SSL_BUILD_CHAIN_FLAG_CHECK | SSL_BUILD_CHAIN_FLAG_IGNORE_ERROR);
    SSL_CTX_clear_chain_certs(ctx);
    SSL_CTX_add1_chain_cert(ctx, root.cert);
    SSL_CTX_add1_chain_cert(ctx, lower.cert);
    SSL_CTX_add1_chain_cert(ctx, self_signed.cert);
    SSL_CTX_add1_chain_cert(ctx, middle.cert);
    build("checked", ctx, SSL_BUILD_CHAIN_FLAG_CHECK);
    build("checked, without root", ctx, SSL_BUILD_CHAIN_FLAG_CHECK | SSL_BUILD_CHAIN_FLAG_NO_ROOT);
    store = store_of(2, (X509 *[]){root.cert, middle.cert});
    SSL_CTX_set0_chain_cert_store(ctx, store);
    build("chain store", ctx, 0);
    build("chain store and what is set", ctx, SSL_BUILD_CHAIN_FLAG_UNTRUSTED);
    ssl = SSL_new(ctx);
    check("connection", SSL_build_cert_chain(ssl, SSL_BUILD_CHAIN_FLAG_UNTRUSTED | SSL_BUILD_CHAIN_FLAG_NO_ROOT));
    SSL_get0_chain_certs(ssl, &chain);
    print_chain(" chain", chain);
    SSL_CTX_get0_chain_certs(ctx, &chain);
    print_chain(" context's", chain);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    ctx = new_ctx(TLS1_3_VERSION);
    use(ctx, &self_signed);
    build("self-signed", ctx, SSL_BUILD_CHAIN_FLAG_CHECK);
    build("self-signed, ignored", ctx, SSL_BUILD_CHAIN_FLAG_IGNORE_ERROR);
    SSL_CTX_free(ctx);
    ctx = new_ctx(TLS1_3_VERSION);
    use(ctx, &weak_leaf);
    trust(ctx, weak_middle.cert);
    trust(ctx, root.cert);
    build("weak", ctx, 0);
    SSL_CTX_free(ctx);
}

int main(void)
{
    root = make((struct wish){"P-256", "root", 1}, NULL);
    middle = make((struct wish){"P-256", "middle", 1}, &root);
    lower = make((struct wish){"P-256", "lower", 1}, &middle);
    leaf = make((struct wish){"P-256", "leaf"}, &lower);
    self_signed = make((struct wish){"P-256", "self"}, NULL);
    expired_middle = make((struct wish){"P-256", "expired-middle", 1, -7200, -3600}, &root);
    expired_leaf = make((struct wish){"P-256", "expired-leaf"}, &expired_middle);
    weak_middle = make((struct wish){"RSA1024", "weak-middle", 1}, &root);
    weak_leaf = make((struct wish){"P-256", "weak-leaf"}, &weak_middle);
    sent();
    built();
    return 0;
}
