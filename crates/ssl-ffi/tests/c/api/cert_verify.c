/* Who is trusted and who is not: servers by clients, with the alert that each failure sends. */
#include "cert_common.h"

static struct identity root, other_root, middle, good, expired, early, weak, client_only, ip;

static const char *version_name;

/* One handshake of a client that trusts `trusted` with a server that shows `own`. */
struct setting {
    const char *label;
    const struct identity *own, *trusted;
    int mode;
    const char *host;
    int (*callback)(int, X509_STORE_CTX *);
    int (*replacement)(X509_STORE_CTX *, void *);
    int without_middle;
    int depth;
    int purpose;
};

static int calls;

static int forgive(int ok, X509_STORE_CTX *ctx)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());

    calls++;
    if (!ok)
        printf(" callback: error %d depth %d connection %d mode %d\n",
               X509_STORE_CTX_get_error(ctx), X509_STORE_CTX_get_error_depth(ctx), ssl != NULL,
               ssl != NULL ? SSL_get_verify_mode(ssl) : -1);
    return 1;
}

static int insist(int ok, X509_STORE_CTX *ctx)
{
    (void)ok;
    if (X509_STORE_CTX_get_error_depth(ctx) == 0) {
        X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_REVOKED);
        return 0;
    }
    return 1;
}

static int accept_all(X509_STORE_CTX *ctx, void *arg)
{
    printf(" replacement: arg %s, cert %s\n", (const char *)arg,
           name_of(X509_STORE_CTX_get0_cert(ctx)));
    print_chain(" untrusted", X509_STORE_CTX_get0_untrusted(ctx));
    return 1;
}

static int refuse_all(X509_STORE_CTX *ctx, void *arg)
{
    (void)arg;
    X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

static void run(int version, struct setting setting)
{
    SSL_CTX *client = new_ctx(version), *server = new_ctx(version);
    struct pair pair;

    printf("%s, %s\n", setting.label, version_name);
    if (setting.own == &weak)
        SSL_CTX_set_security_level(server, 0);
    use(server, setting.own);
    if (!setting.without_middle)
        require(SSL_CTX_add1_chain_cert(server, middle.cert) == 1, "add to the chain");
    else
        SSL_CTX_set_mode(server, SSL_MODE_NO_AUTO_CHAIN);
    if (setting.trusted != NULL)
        trust(client, setting.trusted->cert);
    SSL_CTX_set_verify(client, setting.mode, setting.callback);
    if (setting.replacement != NULL)
        SSL_CTX_set_cert_verify_callback(client, setting.replacement, "argument");
    if (setting.depth != 0)
        SSL_CTX_set_verify_depth(client, setting.depth - 1);
    if (setting.purpose != 0)
        printf(" purpose: %d\n", SSL_CTX_set_purpose(client, setting.purpose));
    pair = new_pair(client, server);
    if (setting.host != NULL)
        printf(" host: %d\n", SSL_set1_host(pair.client, setting.host));
    calls = 0;
    printf(" finished: %d\n", handshake(pair));
    printf(" result: %ld\n", SSL_get_verify_result(pair.client));
    printf(" callback was called: %d\n", calls != 0);
    printf(" name: %s\n", SSL_get0_peername(pair.client) != NULL ? SSL_get0_peername(pair.client) : "none");
    printf(" peer: %s\n", name_of(SSL_get0_peer_certificate(pair.client)));
    print_chain(" shown", SSL_get_peer_cert_chain(pair.client));
    print_chain(" verified", SSL_get0_verified_chain(pair.client));
    free_pair(pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void all(int version)
{
    const int peer = SSL_VERIFY_PEER;

    run(version, (struct setting){"trusted", &good, &root, peer});
    run(version, (struct setting){"trusted, right host", &good, &root, peer, "www.example.com"});
    run(version, (struct setting){"wildcard", &good, &root, peer, "a.wild.example.com"});
    run(version, (struct setting){"wrong host", &good, &root, peer, "www.example.org"});
    run(version, (struct setting){"wrong host, not verified", &good, &root, 0, "www.example.org"});
    run(version, (struct setting){"right address", &ip, &root, peer, "192.0.2.1"});
    run(version, (struct setting){"wrong address", &ip, &root, peer, "192.0.2.2"});
    run(version, (struct setting){"wrong authority", &good, &other_root, peer});
    run(version, (struct setting){"no authority", &good, NULL, peer});
    run(version, (struct setting){"not verified", &good, NULL, 0});
    run(version, (struct setting){"any bit verifies", &good, NULL, SSL_VERIFY_FAIL_IF_NO_PEER_CERT});
    run(version, (struct setting){"incomplete", &good, &root, peer, .without_middle = 1});
    run(version, (struct setting){"expired", &expired, &root, peer});
    run(version, (struct setting){"not yet valid", &early, &root, peer});
    run(version, (struct setting){"weak digest", &weak, &root, peer});
    run(version, (struct setting){"for clients", &client_only, &root, peer});
    run(version, (struct setting){"purpose of the application's", &client_only, &root, peer,
                                  .purpose = X509_PURPOSE_ANY});
    run(version, (struct setting){"too deep", &good, &root, peer, .depth = 1});
    run(version, (struct setting){"deep enough", &good, &root, peer, .depth = 2});
    run(version, (struct setting){"forgiven", &good, &other_root, peer, .callback = forgive});
    run(version, (struct setting){"expired, forgiven", &expired, &root, peer, .callback = forgive});
    run(version, (struct setting){"the callback insists", &good, &root, peer, .callback = insist});
    run(version, (struct setting){"replaced", &good, NULL, peer, .replacement = accept_all});
    run(version, (struct setting){"replaced, refused", &good, &root, peer, .replacement = refuse_all});
    run(version, (struct setting){"replaced, not verified", &good, &root, 0, .replacement = refuse_all});
}

int main(void)
{
    root = make((struct wish){"P-256", "root", 1}, NULL);
    other_root = make((struct wish){"P-256", "other", 1}, NULL);
    middle = make((struct wish){"RSA", "middle", 1}, &root);
    good = make((struct wish){"P-256", "good", .alt = "DNS:www.example.com,DNS:*.wild.example.com"},
                &middle);
    ip = make((struct wish){"P-256", "ip", .alt = "IP:192.0.2.1"}, &middle);
    expired = make((struct wish){"RSA", "expired", .from = -7200, .until = -3600}, &middle);
    early = make((struct wish){"P-256", "early", .from = 3600, .until = 7200}, &middle);
    weak = make((struct wish){"P-256", "weak", .digest = EVP_sha1()}, &middle);
    client_only = make((struct wish){"P-256", "client", .usage = "clientAuth"}, &middle);
    version_name = "TLS 1.3";
    all(TLS1_3_VERSION);
    version_name = "TLS 1.2";
    all(TLS1_2_VERSION);
    return 0;
}
