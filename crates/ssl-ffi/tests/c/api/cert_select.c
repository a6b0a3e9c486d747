/* Which of several certificates is shown: by signature schemes, suites, callbacks and other contexts. */
#include "cert_common.h"

static struct identity root, rsa, pss, ec, ec384, ed, ed448, no_sign, rsa_second;

struct setting {
    const char *label;
    int version;
    const struct identity *own[4];
    const char *client_schemes, *server_schemes;
    const char *client_suites, *server_suites;
    const char *client_groups;
    long options;
};

static void report(SSL *client, SSL *server)
{
    int nid = -1, hash = -1;

    printf(" suite %s", SSL_get_cipher_name(client));
    printf(", shown %s, server's %s", name_of(SSL_get0_peer_certificate(client)),
           name_of(SSL_get_certificate(server)));
    if (SSL_get_peer_signature_type_nid(client, &nid) && SSL_get_peer_signature_nid(client, &hash))
        printf(", signature %s %s", OBJ_nid2sn(nid), OBJ_nid2sn(hash));
    printf("\n");
}

static void run(struct setting setting)
{
    SSL_CTX *client = new_ctx(setting.version), *server = new_ctx(setting.version);
    struct pair pair;

    printf("%s, %s\n", setting.label, setting.version == TLS1_3_VERSION ? "TLS 1.3" : "TLS 1.2");
    for (int i = 0; i < 4 && setting.own[i] != NULL; i++)
        use(server, setting.own[i]);
    if (setting.client_schemes != NULL)
        require(SSL_CTX_set1_sigalgs_list(client, setting.client_schemes) == 1, "set schemes");
    if (setting.server_schemes != NULL)
        require(SSL_CTX_set1_sigalgs_list(server, setting.server_schemes) == 1, "set schemes");
    if (setting.client_suites != NULL)
        require(SSL_CTX_set_cipher_list(client, setting.client_suites) == 1, "set suites");
    if (setting.server_suites != NULL)
        require(SSL_CTX_set_cipher_list(server, setting.server_suites) == 1, "set suites");
    if (setting.client_groups != NULL)
        require(SSL_CTX_set1_groups_list(client, setting.client_groups) == 1, "set groups");
    SSL_CTX_set_options(server, setting.options);
    pair = new_pair(client, server);
    if (handshake(pair))
        report(pair.client, pair.server);
    free_pair(pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static SSL_CTX *other;

static int switch_context(SSL *ssl, int *alert, void *arg)
{
    (void)alert, (void)arg;
    printf(" name %s\n", SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
    printf(" switched %d\n", SSL_set_SSL_CTX(ssl, other) == other);
    return SSL_TLSEXT_ERR_OK;
}

static int choose(SSL *ssl, void *arg)
{
    const struct identity *own = arg;

    printf(" callback, had %s\n", name_of(SSL_get_certificate(ssl)));
    printf(" set server's: %ld\n", SSL_set_current_cert(ssl, SSL_CERT_SET_SERVER));
    if (own == NULL)
        return 0;
    SSL_certs_clear(ssl);
    return SSL_use_certificate(ssl, own->cert) == 1 && SSL_use_PrivateKey(ssl, own->key) == 1;
}

static void callbacks(int version)
{
    SSL_CTX *client = new_ctx(version), *server = new_ctx(version);
    struct pair pair;

    printf("callbacks, %s\n", version == TLS1_3_VERSION ? "TLS 1.3" : "TLS 1.2");
    other = new_ctx(version);
    use(server, &rsa);
    use(other, &ec);
    require(SSL_CTX_add1_chain_cert(other, root.cert) == 1, "add to the chain");
    SSL_CTX_set_mode(server, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_tlsext_servername_callback(server, switch_context);
    pair = new_pair(client, server);
    SSL_set_tlsext_host_name(pair.client, "one.example");
    if (handshake(pair))
        report(pair.client, pair.server);
    print_chain(" chain", SSL_get_peer_cert_chain(pair.client));
    printf(" context %d\n", SSL_get_SSL_CTX(pair.server) == other);
    printf(" set server's: %ld\n", SSL_set_current_cert(pair.server, SSL_CERT_SET_SERVER));
    printf(" client's: %ld\n", SSL_set_current_cert(pair.client, SSL_CERT_SET_SERVER));
    free_pair(pair);
    SSL_CTX_set_tlsext_servername_callback(server, NULL);
    SSL_CTX_set_cert_cb(server, choose, &ed);
    pair = new_pair(client, server);
    if (handshake(pair))
        report(pair.client, pair.server);
    free_pair(pair);
    SSL_CTX_set_cert_cb(server, choose, NULL);
    pair = new_pair(client, server);
    handshake(pair);
    free_pair(pair);
    SSL_CTX_free(other);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* A connection's own certificate stays if its context is set again. */
static void same_context(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method()), *second = SSL_CTX_new(TLS_method());
    SSL *ssl;

    printf("same context\n");
    use(ctx, &rsa);
    use(second, &ec);
    ssl = SSL_new(ctx);
    require(SSL_use_certificate(ssl, ed.cert) == 1, "use a certificate");
    printf(" set %d: %s\n", SSL_set_SSL_CTX(ssl, ctx) == ctx, name_of(SSL_get_certificate(ssl)));
    printf(" set %d: %s\n", SSL_set_SSL_CTX(ssl, second) == second, name_of(SSL_get_certificate(ssl)));
    printf(" set %d: %s\n", SSL_set_SSL_CTX(ssl, NULL) == ctx, name_of(SSL_get_certificate(ssl)));
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    SSL_CTX_free(second);
}

/* A key of its own type in a place that has its certificate changed from one connection to the next. */
static void changes(int version)
{
    SSL_CTX *client = new_ctx(version), *server = new_ctx(version);
    struct pair first, second;

    printf("changes, %s\n", version == TLS1_3_VERSION ? "TLS 1.3" : "TLS 1.2");
    use(server, &rsa);
    first = new_pair(client, server);
    use(server, &rsa_second);
    second = new_pair(client, server);
    if (handshake(first))
        report(first.client, first.server);
    if (handshake(second))
        report(second.client, second.server);
    free_pair(first);
    free_pair(second);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

int main(void)
{
    const int new = TLS1_3_VERSION, old = TLS1_2_VERSION;
    const struct identity *p = &pss;

    root = make((struct wish){"P-256", "root", 1}, NULL);
    rsa = make((struct wish){"RSA", "rsa"}, &root);
    rsa_second = make((struct wish){"RSA", "rsa-second"}, &root);
    pss = make((struct wish){"RSA-PSS", "pss"}, &root);
    ec = make((struct wish){"P-256", "ec"}, &root);
    ec384 = make((struct wish){"P-384", "ec384"}, &root);
    ed = make((struct wish){"ED25519", "ed"}, &root);
    ed448 = make((struct wish){"ED448", "ed448"}, &root);
    no_sign = make((struct wish){"P-256", "no-sign", .key_usage = "keyAgreement"}, &root);
    run((struct setting){"RSA and EC", new, {&rsa, &ec}});
    run((struct setting){"EC and RSA", new, {&ec, &rsa}});
    run((struct setting){"all", new, {&rsa, p, &ec, &ed}});
    run((struct setting){"client wants RSA", new, {&rsa, &ec}, "rsa_pss_rsae_sha384:ecdsa_secp256r1_sha256"});
    run((struct setting){"client has no RSA", new, {&rsa, &ed}, "ed25519:ed448"});
    run((struct setting){"server prefers its own", new, {&rsa, &ec}, NULL, "rsa_pss_rsae_sha512:ecdsa_secp256r1_sha256", .options = SSL_OP_CIPHER_SERVER_PREFERENCE});
    run((struct setting){"nothing fits", new, {&rsa}, "ecdsa_secp256r1_sha256"});
    run((struct setting){"wrong curve", new, {&ec384}, "ecdsa_secp256r1_sha256"});
    run((struct setting){"right curve", new, {&ec384}});
    run((struct setting){"PKCS #1 alone", new, {&rsa}, "RSA+SHA256"});
    run((struct setting){"PSS key", new, {p}});
    run((struct setting){"Ed448", new, {&ed448}});
    run((struct setting){"none", new});
    run((struct setting){"RSA and EC", old, {&rsa, &ec}});
    run((struct setting){"all", old, {&rsa, p, &ec, &ed}});
    run((struct setting){"client wants RSA", old, {&rsa, &ec}, "rsa_pss_rsae_sha384:ecdsa_secp256r1_sha256"});
    run((struct setting){"suites for RSA", old, {&rsa, &ec}, .client_suites = "ECDHE-RSA-AES128-GCM-SHA256"});
    run((struct setting){"client's order", old, {&rsa, &ec}, .client_suites = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256"});
    run((struct setting){"server's order", old, {&rsa, &ec}, .server_suites = "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256", .options = SSL_OP_CIPHER_SERVER_PREFERENCE});
    run((struct setting){"suites for EC alone", old, {&rsa}, .client_suites = "ECDHE-ECDSA-AES128-GCM-SHA256"});
    run((struct setting){"schemes for EC alone", old, {&rsa}, "ECDSA+SHA256"});
    /* The schemes of keys for PSS alone are none of TLS 1.2's here. */
    run((struct setting){"PSS and RSA, PKCS #1 wanted", old, {p, &rsa}, "RSA+SHA384:PSS+SHA256"});
    run((struct setting){"Ed25519", old, {&ed}});
    run((struct setting){"Ed25519 and EC", old, {&ed, &ec}});
    run((struct setting){"Ed448", old, {&ed448}});
    run((struct setting){"curve that the client has not", old, {&ec384, &rsa}, .client_groups = "P-256:X25519"});
    run((struct setting){"curve that the client has", old, {&ec384, &rsa}, .client_groups = "P-384:X25519"});
    run((struct setting){"not for signatures", old, {&no_sign, &rsa}});
    run((struct setting){"not for signatures", new, {&no_sign, &rsa}});
    run((struct setting){"none", old});
    callbacks(new);
    callbacks(old);
    changes(new);
    changes(old);
    same_context();
    return 0;
}
