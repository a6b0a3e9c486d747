/* What counts at the moment of the verification, and verifications that are put off. */
#include "cert_common.h"

static struct identity root, other, server_own, client_own;
static int version, put_off, calls;

static SSL_CTX *client, *server;

static void fresh(void)
{
    client = new_ctx(version);
    server = new_ctx(version);
    use(server, &server_own);
    SSL_CTX_set_verify(client, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(server, SSL_MODE_NO_AUTO_CHAIN);
}

static void end(const char *label, struct pair pair)
{
    printf("%s\n", label);
    printf(" finished %d\n", handshake(pair));
    printf(" client: result %ld, peer %s\n", SSL_get_verify_result(pair.client),
           name_of(SSL_get0_peer_certificate(pair.client)));
    printf(" server: result %ld, peer %s\n", SSL_get_verify_result(pair.server),
           name_of(SSL_get0_peer_certificate(pair.server)));
    free_pair(pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void stores(void)
{
    X509_STORE *store;
    struct pair pair;

    fresh();
    pair = new_pair(client, server);
    trust(client, root.cert);
    end("store filled behind SSL_new", pair);

    fresh();
    pair = new_pair(client, server);
    store = X509_STORE_new();
    X509_STORE_add_cert(store, root.cert);
    SSL_CTX_set_cert_store(client, store);
    end("store replaced behind SSL_new", pair);

    fresh();
    trust(client, root.cert);
    store = X509_STORE_new();
    X509_STORE_add_cert(store, other.cert);
    SSL_CTX_set0_verify_cert_store(client, store);
    end("store for verification alone", new_pair(client, server));

    fresh();
    store = X509_STORE_new();
    X509_STORE_add_cert(store, root.cert);
    pair = new_pair(client, server);
    SSL_set0_verify_cert_store(pair.client, store);
    end("store of the connection", pair);

    fresh();
    SSL_CTX_set_cert_store(client, NULL);
    end("no store", new_pair(client, server));
}

static void settings(void)
{
    struct pair pair;

    fresh();
    pair = new_pair(client, server);
    SSL_set_verify(pair.client, SSL_VERIFY_NONE, NULL);
    end("mode of the connection", pair);

    fresh();
    pair = new_pair(client, server);
    SSL_CTX_set_verify(client, SSL_VERIFY_NONE, NULL);
    end("mode of the context, too late", pair);

    fresh();
    trust(client, root.cert);
    pair = new_pair(client, server);
    X509_VERIFY_PARAM_set_time(SSL_get0_param(pair.client), 1000);
    end("time of the connection's parameters", pair);

    fresh();
    trust(client, root.cert);
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(client), 1000);
    end("time of the context's parameters", new_pair(client, server));

    fresh();
    trust(client, root.cert);
    X509_STORE_set_flags(SSL_CTX_get_cert_store(client), X509_V_FLAG_CRL_CHECK);
    end("flags of the store", new_pair(client, server));

    fresh();
    trust(client, root.cert);
    SSL_CTX_set_security_level(client, 4);
    SSL_CTX_set_cipher_list(client, "ALL");
    end("level of the client", new_pair(client, server));
}

/* The size of the Certificate message that is taken. */
static void sizes(void)
{
    int len = i2d_X509(server_own.cert, NULL);
    long size = version == TLS1_3_VERSION ? 1 + 3 + 3 + len + 2 : 3 + 3 + len;
    struct pair pair;

    fresh();
    trust(client, root.cert);
    printf("list was %ld\n", SSL_CTX_set_max_cert_list(client, size));
    end("just small enough", new_pair(client, server));

    fresh();
    trust(client, root.cert);
    SSL_CTX_set_max_cert_list(client, size - 1);
    end("too large", new_pair(client, server));

    fresh();
    trust(client, root.cert);
    trust(server, root.cert);
    use(client, &client_own);
    SSL_CTX_set_mode(client, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER, NULL);
    pair = new_pair(client, server);
    SSL_set_max_cert_list(pair.server, 50);
    end("too large for the server", pair);
}

static int not_yet(X509_STORE_CTX *ctx, void *arg)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());

    (void)arg;
    calls++;
    if (put_off > 0) {
        put_off--;
        printf(" put off: %d\n", SSL_set_retry_verify(ssl));
        return 1;
    }
    return X509_verify_cert(ctx);
}

static int not_yet_step(int ok, X509_STORE_CTX *ctx)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());

    if (X509_STORE_CTX_get_error_depth(ctx) == 0 && put_off > 0) {
        put_off--;
        printf(" put off: %d\n", SSL_set_retry_verify(ssl));
    }
    return ok;
}

static void retries(int by_step, int trusted)
{
    struct pair pair;
    int result, error;

    fresh();
    if (trusted)
        trust(client, root.cert);
    if (by_step)
        SSL_CTX_set_verify(client, SSL_VERIFY_PEER, not_yet_step);
    else
        SSL_CTX_set_cert_verify_callback(client, not_yet, NULL);
    put_off = 3;
    calls = 0;
    pair = new_pair(client, server);
    printf("put off %d, trusted %d\n", by_step, trusted);
    SSL_do_handshake(pair.client);
    SSL_do_handshake(pair.server);
    for (int i = 0; i < 3; i++) {
        ERR_clear_error();
        result = SSL_do_handshake(pair.client);
        error = SSL_get_error(pair.client, result);
        printf(" %d error %d want %d peer %s\n", result, error, SSL_want(pair.client),
               name_of(SSL_get0_peer_certificate(pair.client)));
        print_chain(" shown", SSL_get_peer_cert_chain(pair.client));
        if (error == SSL_ERROR_SSL)
            break;
    }
    end("then", pair);
    printf(" calls %d\n", calls);
}

/* Only clients can put off. */
static void server_retries(void)
{
    fresh();
    trust(client, root.cert);
    trust(server, root.cert);
    use(client, &client_own);
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(server, not_yet, NULL);
    put_off = 1;
    end("a server that puts off", new_pair(client, server));
}

static void all(void)
{
    printf("version %x\n", version);
    stores();
    settings();
    sizes();
    retries(0, 1);
    retries(0, 0);
    retries(1, 1);
    retries(1, 0);
    server_retries();
}

int main(void)
{
    root = make((struct wish){"P-256", "root", 1}, NULL);
    other = make((struct wish){"P-256", "other", 1}, NULL);
    server_own = make((struct wish){"RSA", "server"}, &root);
    client_own = make((struct wish){"P-256", "client"}, &root);
    version = TLS1_3_VERSION;
    all();
    version = TLS1_2_VERSION;
    all();
    return 0;
}
