/* Client certificates: who is asked, who has to have one, who is believed; and how a client chooses. */
#include "cert_common.h"

static struct identity root, other_root, middle, server_rsa, client_ec, client_rsa, client_ed, stranger,
    expired, server_only;

static const char *version_name;
static int version;

enum source { CONFIGURED, CERT_CALLBACK, CLIENT_CALLBACK };

struct setting {
    const char *label;
    int mode;
    const struct identity *own[3]; /* what the client has */
    enum source source;
    int (*verify)(int, X509_STORE_CTX *);
    int add_middle;
    const char *schemes; /* that the server accepts of clients */
};

static const struct identity *given;
static int answer;

static int cert_callback(SSL *ssl, void *arg)
{
    print_names(" cert callback, names", SSL_get_client_CA_list(ssl));
    print_names(" cert callback, peer's names", SSL_get0_peer_CA_list(ssl));
    if (arg == NULL)
        return answer;
    if (answer > 0) {
        require(SSL_use_certificate(ssl, given->cert) == 1, "use a certificate in a callback");
        require(SSL_use_PrivateKey(ssl, given->key) == 1, "use a key in a callback");
    }
    return answer;
}

static int client_callback(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
    printf(" client callback, peer %s\n", name_of(SSL_get0_peer_certificate(ssl)));
    if (answer == 1 && given != NULL) {
        X509_up_ref(given->cert);
        *cert = given->cert;
        EVP_PKEY_up_ref(given->key);
        *key = given->key;
    }
    return answer;
}

static int forgive(int ok, X509_STORE_CTX *ctx)
{
    if (!ok)
        printf(" callback: error %d\n", X509_STORE_CTX_get_error(ctx));
    return 1;
}

static void report(const char *who, SSL *ssl)
{
    X509 *peer = SSL_get1_peer_certificate(ssl);
    int nid = -1;

    printf(" %s: result %ld, peer %s", who, SSL_get_verify_result(ssl), name_of(peer));
    printf(", own %s", name_of(SSL_get_certificate(ssl)));
    if (SSL_is_init_finished(ssl) && SSL_get_signature_type_nid(ssl, &nid))
        printf(", signed with %s", OBJ_nid2sn(nid));
    if (SSL_is_init_finished(ssl) && SSL_get_peer_signature_type_nid(ssl, &nid))
        printf(", peer with %s", OBJ_nid2sn(nid));
    if (SSL_is_init_finished(ssl) && SSL_get_signature_nid(ssl, &nid))
        printf(", digest %s", OBJ_nid2sn(nid));
    if (SSL_is_init_finished(ssl) && SSL_get_peer_signature_nid(ssl, &nid))
        printf(", peer's %s", OBJ_nid2sn(nid));
    printf("\n");
    print_chain("  shown", SSL_get_peer_cert_chain(ssl));
    print_chain("  verified", SSL_get0_verified_chain(ssl));
    X509_free(peer);
}

static SSL_CTX *new_server(int mode, int (*verify)(int, X509_STORE_CTX *))
{
    SSL_CTX *server = new_ctx(version);

    use(server, &server_rsa);
    SSL_CTX_set_mode(server, SSL_MODE_NO_AUTO_CHAIN);
    trust(server, root.cert);
    SSL_CTX_set_verify(server, mode, verify);
    SSL_CTX_set_client_CA_list(server, NULL);
    require(SSL_CTX_add_client_CA(server, root.cert) == 1, "add a name");
    require(SSL_CTX_add_client_CA(server, other_root.cert) == 1, "add a name");
    SSL_CTX_set_session_id_context(server, (const unsigned char *)"test", 4);
    return server;
}

static void run(struct setting setting)
{
    SSL_CTX *client = new_ctx(version), *server = new_server(setting.mode, setting.verify);
    struct pair pair;
    int finished;

    printf("%s, %s\n", setting.label, version_name);
    SSL_CTX_set_mode(client, SSL_MODE_NO_AUTO_CHAIN);
    if (setting.schemes != NULL)
        printf(" schemes: %ld\n", SSL_CTX_set1_client_sigalgs_list(server, setting.schemes));
    if (setting.source == CONFIGURED) {
        for (int i = 0; i < 3 && setting.own[i] != NULL; i++)
            use(client, setting.own[i]);
    } else {
        given = setting.own[0];
        if (setting.source == CERT_CALLBACK)
            SSL_CTX_set_cert_cb(client, cert_callback, given != NULL ? client : NULL);
        else
            SSL_CTX_set_client_cert_cb(client, client_callback);
    }
    if (setting.add_middle)
        require(SSL_CTX_add1_chain_cert(client, middle.cert) == 1, "add to the chain");
    pair = new_pair(client, server);
    printf(" names before: %d\n", SSL_get_client_CA_list(pair.client) != NULL);
    finished = handshake(pair);
    printf(" finished: %d\n", finished);
    report("client", pair.client);
    report("server", pair.server);
    print_names(" client sees", SSL_get_client_CA_list(pair.client));
    print_names(" server shows", SSL_get_client_CA_list(pair.server));
    free_pair(pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* A callback that is not ready, and is asked again. */
static void later(enum source source)
{
    SSL_CTX *client = new_ctx(version), *server = new_server(SSL_VERIFY_PEER, NULL);
    struct pair pair;
    int over = 0;

    printf("later, %d, %s\n", source, version_name);
    given = &client_rsa;
    if (source == CERT_CALLBACK)
        SSL_CTX_set_cert_cb(client, cert_callback, client);
    else
        SSL_CTX_set_client_cert_cb(client, client_callback);
    require(SSL_CTX_use_certificate(client, client_ec.cert) == 1, "use a certificate without a key");
    pair = new_pair(client, server);
    SSL_do_handshake(pair.client);
    SSL_do_handshake(pair.server);
    answer = -1;
    for (int i = 0; i < 2; i++) {
        int result = SSL_do_handshake(pair.client);

        printf(" waiting: %d error %d want %d\n", result, SSL_get_error(pair.client, result),
               SSL_want(pair.client));
    }
    answer = 1;
    step(pair.client, "client", &over);
    printf(" finished: %d\n", handshake(pair));
    report("server", pair.server);
    free_pair(pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void all(void)
{
    const int asked = SSL_VERIFY_PEER;
    const int needed = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

    run((struct setting){"not asked", 0, {&client_rsa}});
    run((struct setting){"needless bit", SSL_VERIFY_FAIL_IF_NO_PEER_CERT, {&client_rsa}});
    run((struct setting){"asked, none", asked});
    run((struct setting){"asked, has one", asked, {&client_rsa}});
    run((struct setting){"needed, none", needed});
    run((struct setting){"needed, has one", needed, {&client_rsa}});
    run((struct setting){"needed, stranger's", needed, {&stranger}});
    run((struct setting){"asked, stranger's", asked, {&stranger}});
    run((struct setting){"asked, stranger's, forgiven", asked, {&stranger}, .verify = forgive});
    run((struct setting){"needed, expired", needed, {&expired}});
    run((struct setting){"needed, for servers", needed, {&server_only}});
    run((struct setting){"needed, chain missing", needed, {&client_ec}});
    run((struct setting){"needed, chain", needed, {&client_ec}, .add_middle = 1});
    run((struct setting){"several, last first", needed, {&client_ed, &client_rsa}});
    run((struct setting){"several, other order", needed, {&client_rsa, &client_ed}});
    run((struct setting){"only what the server takes", needed, {&client_rsa, &client_ed}, .schemes = "RSA-PSS+SHA256:RSA+SHA512"});
    run((struct setting){"nothing that the server takes", asked, {&client_rsa, &client_ed}, .schemes = "ECDSA+SHA384"});
    answer = 1;
    run((struct setting){"by callback", needed, {&client_rsa}, CERT_CALLBACK});
    run((struct setting){"by callback, none", asked, {NULL}, CERT_CALLBACK});
    run((struct setting){"by client callback", needed, {&client_rsa}, CLIENT_CALLBACK});
    answer = 0;
    run((struct setting){"callback fails", needed, {&client_rsa}, CERT_CALLBACK});
    run((struct setting){"client callback has none", asked, {&client_rsa}, CLIENT_CALLBACK});
    later(CERT_CALLBACK);
    later(CLIENT_CALLBACK);
}

int main(void)
{
    root = make((struct wish){"P-256", "root", 1}, NULL);
    other_root = make((struct wish){"P-256", "other", 1}, NULL);
    middle = make((struct wish){"P-256", "middle", 1}, &root);
    server_rsa = make((struct wish){"RSA", "server"}, &root);
    client_ec = make((struct wish){"P-256", "client-ec"}, &middle);
    client_rsa = make((struct wish){"RSA", "client-rsa"}, &root);
    client_ed = make((struct wish){"ED25519", "client-ed"}, &root);
    stranger = make((struct wish){"P-256", "stranger"}, &other_root);
    expired = make((struct wish){"P-256", "expired", .from = -7200, .until = -3600}, &root);
    server_only = make((struct wish){"P-256", "server-only", .usage = "serverAuth"}, &root);
    version_name = "TLS 1.3";
    version = TLS1_3_VERSION;
    all();
    version_name = "TLS 1.2";
    version = TLS1_2_VERSION;
    all();
    return 0;
}
