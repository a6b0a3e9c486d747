/* SSL_check_chain: before a handshake, in the certificate callbacks of both sides, and behind it. */
#include "cert_common.h"

static struct identity root, rsa, ec, ec384, ed, sha1, client_own;
static STACK_OF(X509) *chain, *no_chain;

static const char *flags(int found)
{
    static const struct {
        int flag;
        const char *name;
    } all[] = {{CERT_PKEY_VALID, "valid"}, {CERT_PKEY_SIGN, "sign"},
               {CERT_PKEY_EE_SIGNATURE, "ee-signature"}, {CERT_PKEY_CA_SIGNATURE, "ca-signature"},
               {CERT_PKEY_EE_PARAM, "ee-param"}, {CERT_PKEY_CA_PARAM, "ca-param"},
               {CERT_PKEY_EXPLICIT_SIGN, "explicit-sign"}, {CERT_PKEY_ISSUER_NAME, "issuer-name"},
               {CERT_PKEY_CERT_TYPE, "cert-type"}, {CERT_PKEY_SUITEB, "suite-b"}};
    static char text[256];

    text[0] = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        if (found & all[i].flag) {
            strcat(text, " ");
            strcat(text, all[i].name);
        }
    return text;
}

static void show(SSL *ssl)
{
    printf("  rsa:%s\n", flags(SSL_check_chain(ssl, rsa.cert, rsa.key, chain)));
    printf("  ec:%s\n", flags(SSL_check_chain(ssl, ec.cert, ec.key, no_chain)));
    printf("  ec384:%s\n", flags(SSL_check_chain(ssl, ec384.cert, ec384.key, NULL)));
    printf("  ed:%s\n", flags(SSL_check_chain(ssl, ed.cert, ed.key, chain)));
    printf("  sha1:%s\n", flags(SSL_check_chain(ssl, sha1.cert, sha1.key, chain)));
    printf("  other root:%s\n", flags(SSL_check_chain(ssl, client_own.cert, client_own.key, NULL)));
    printf("  none: %d %d\n", SSL_check_chain(ssl, NULL, rsa.key, NULL),
           SSL_check_chain(ssl, rsa.cert, NULL, NULL));
    errors();
}

static int callback(SSL *ssl, void *arg)
{
    printf(" %s callback\n", (const char *)arg);
    show(ssl);
    return 1;
}

static void run(int version, const char *schemes, const char *groups, long flag)
{
    SSL_CTX *client = new_ctx(version), *server = new_ctx(version);
    struct pair pair;

    printf("%x, %s, %s, %ld\n", version, schemes != NULL ? schemes : "-",
           groups != NULL ? groups : "-", flag);
    use(server, &rsa);
    use(client, &client_own);
    SSL_CTX_set_mode(client, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_cert_cb(server, callback, "server");
    SSL_CTX_set_cert_cb(client, callback, "client");
    SSL_CTX_set_cert_flags(server, flag);
    SSL_CTX_set_cert_flags(client, flag);
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(server, NULL, NULL);
    trust(server, root.cert);
    require(SSL_CTX_add_client_CA(server, root.cert) == 1, "add a name");
    if (schemes != NULL)
        require(SSL_CTX_set1_sigalgs_list(client, schemes) == 1, "set schemes");
    if (groups != NULL)
        require(SSL_CTX_set1_groups_list(client, groups) == 1, "set groups");
    pair = new_pair(client, server);
    printf(" before\n");
    show(pair.client);
    show(pair.server);
    handshake(pair);
    printf(" behind\n");
    show(pair.client);
    show(pair.server);
    free_pair(pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

int main(void)
{
    struct identity other;

    root = make((struct wish){"P-256", "root", 1}, NULL);
    other = make((struct wish){"P-256", "other", 1}, NULL);
    rsa = make((struct wish){"RSA", "rsa"}, &root);
    ec = make((struct wish){"P-256", "ec"}, &root);
    ec384 = make((struct wish){"P-384", "ec384"}, &root);
    ed = make((struct wish){"ED25519", "ed"}, &root);
    sha1 = make((struct wish){"RSA", "sha1", .digest = EVP_sha1()}, &root);
    client_own = make((struct wish){"P-256", "own"}, &other);
    chain = sk_X509_new_null();
    no_chain = sk_X509_new_null();
    sk_X509_push(chain, root.cert);
    for (int flag = 0; flag < 2; flag++) {
        run(TLS1_3_VERSION, NULL, NULL, flag);
        run(TLS1_2_VERSION, NULL, NULL, flag);
        run(TLS1_3_VERSION, "rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256", "X25519:P-256", flag);
        run(TLS1_2_VERSION, "RSA+SHA256:ECDSA+SHA256", "X25519:P-256", flag);
    }
    return 0;
}
