/* Peers that show one context the same certificate again: each time it is judged anew, and what the program did
 * to one connection's certificate is not seen on another's. */
#include "cert_common.h"

static struct identity root, other, server_own, client_own;
static SSL_CTX *client, *server;
/* Of data that the program attaches to certificates. */
static int data;

static void fresh(int version)
{
    client = new_ctx(version);
    server = new_ctx(version);
    use(server, &server_own);
    use(client, &client_own);
    trust(client, root.cert);
    trust(server, root.cert);
    SSL_CTX_set_verify(client, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
}

static void print_peer(const char *who, const SSL *ssl)
{
    X509 *peer = SSL_get0_peer_certificate(ssl);
    unsigned char *alias = NULL;
    int length = 0;

    printf(" %s: result %ld, peer %s", who, SSL_get_verify_result(ssl), name_of(peer));
    if (peer != NULL)
        alias = X509_alias_get0(peer, &length);
    printf(", alias %.*s, data %s\n", alias != NULL ? length : 1, alias != NULL ? (char *)alias : "-",
           peer != NULL && X509_get_ex_data(peer, data) != NULL ? "there" : "none");
}

static void meet(const char *label, struct pair pair)
{
    printf("%s\n", label);
    printf(" finished %d\n", handshake(pair));
    print_peer("client", pair.client);
    print_peer("server", pair.server);
    printf(" resumed %d\n", SSL_session_reused(pair.server));
    free_pair(pair);
}

/* Who was trusted a moment ago is not for this reason trusted now. */
static void judged_each_time(void)
{
    X509_STORE *store;
    struct pair pair;

    meet("once", new_pair(client, server));
    meet("again", new_pair(client, server));

    pair = new_pair(client, server);
    store = X509_STORE_new();
    X509_STORE_add_cert(store, other.cert);
    SSL_set0_verify_cert_store(pair.client, store);
    meet("the client trusts another", pair);

    pair = new_pair(client, server);
    store = X509_STORE_new();
    X509_STORE_add_cert(store, other.cert);
    SSL_set0_verify_cert_store(pair.server, store);
    meet("the server trusts another", pair);

    pair = new_pair(client, server);
    require(SSL_set1_host(pair.client, "other.example") == 1, "expect a name");
    meet("another name is expected", pair);

    pair = new_pair(client, server);
    X509_VERIFY_PARAM_set_time(SSL_get0_param(pair.client), time(NULL) + 86400);
    meet("it has expired meanwhile", pair);

    pair = new_pair(client, server);
    X509_VERIFY_PARAM_set_purpose(SSL_get0_param(pair.server), X509_PURPOSE_SSL_SERVER);
    meet("it would have to be a server's", pair);

    SSL_CTX_set_cert_store(client, X509_STORE_new());
    meet("nobody is trusted any more", new_pair(client, server));
}

/* Each connection has its own. */
/* What one end of a new connection is shown. */
static X509 *shown_to(struct pair pair, SSL *end)
{
    printf(" finished %d\n", handshake(pair));
    return SSL_get1_peer_certificate(end);
}

/* Another connection, while the program still has what it changed. */
static void meet_again(const char *when, struct pair pair, X509 *kept)
{
    meet(when, new_pair(client, server));
    X509_free(kept);
    free_pair(pair);
}

static void changed_by_the_program(void)
{
    struct pair pair = new_pair(client, server);
    X509 *kept = shown_to(pair, pair.client);

    require(X509_alias_set1(kept, (const unsigned char *)"mine", 4) == 1, "set an alias");
    meet_again("after an alias", pair, kept);

    pair = new_pair(client, server);
    kept = shown_to(pair, pair.server);
    require(X509_set_ex_data(kept, data, kept) == 1, "attach data");
    meet_again("after data", pair, kept);

    pair = new_pair(client, server);
    kept = shown_to(pair, pair.client);
    require(X509_add1_reject_object(kept, OBJ_nid2obj(NID_server_auth)) == 1, "reject a use");
    meet_again("after a rejection", pair, kept);
}

/* More of them than anybody would remember. */
static void many(void)
{
    for (int number = 0; number < 12; number++) {
        char name[32];
        struct identity own;

        snprintf(name, sizeof(name), "server %d", number % 11);
        own = make((struct wish){.key = "P-256", .name = name}, number % 5 == 4 ? &other : &root);
        use(server, &own);
        meet(name, new_pair(client, server));
        meet(name, new_pair(client, server));
        release(&own);
    }
}

int main(void)
{
    const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    data = X509_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    root = make((struct wish){.key = "P-256", .name = "root", .is_ca = 1}, NULL);
    other = make((struct wish){.key = "P-256", .name = "other", .is_ca = 1}, NULL);
    server_own = make((struct wish){.key = "P-256", .name = "server", .alt = "DNS:host.example"}, &root);
    client_own = make((struct wish){.key = "P-256", .name = "client", .usage = "clientAuth"}, &root);
    for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
        printf("version %x\n", versions[i]);
        fresh(versions[i]);
        judged_each_time();
        SSL_CTX_free(client);
        SSL_CTX_free(server);
        fresh(versions[i]);
        changed_by_the_program();
        many();
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
    release(&root);
    release(&other);
    release(&server_own);
    release(&client_own);
    return 0;
}
