/* What is known of the peer in a resumed session. */
#include "cert_common.h"

static struct identity root, server_own, client_own;

static void report(const char *who, SSL *ssl)
{
    printf(" %s: resumed %d, result %ld, peer %s, own %s\n", who, SSL_session_reused(ssl),
           SSL_get_verify_result(ssl), name_of(SSL_get0_peer_certificate(ssl)),
           name_of(SSL_get_certificate(ssl)));
    print_chain("  shown", SSL_get_peer_cert_chain(ssl));
    print_chain("  verified", SSL_get0_verified_chain(ssl));
}

static int calls;

static int count(int ok, X509_STORE_CTX *ctx)
{
    (void)ctx;
    calls++;
    return ok;
}

static void run(int version, int with_client, int client_trusts, int tickets)
{
    SSL_CTX *client = new_ctx(version), *server = new_ctx(version);
    SSL_SESSION *session = NULL;
    struct pair pair;
    char byte = 'x';

    printf("%x, client certificate %d, trust %d, tickets %d\n", version, with_client, client_trusts, tickets);
    use(server, &server_own);
    SSL_CTX_set_session_id_context(server, (const unsigned char *)"test", 4);
    if (!tickets)
        SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
    trust(server, root.cert);
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER, count);
    if (with_client)
        use(client, &client_own);
    if (client_trusts) {
        trust(client, root.cert);
        SSL_CTX_set_verify(client, SSL_VERIFY_PEER, count);
    }
    SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT);
    for (int round = 0; round < 3; round++) {
        pair = new_pair(client, server);
        if (session != NULL)
            require(SSL_set_session(pair.client, session) == 1, "set a session");
        if (session != NULL)
            printf(" before: result %ld, peer %s\n", SSL_get_verify_result(pair.client),
                   name_of(SSL_get0_peer_certificate(pair.client)));
        calls = 0;
        handshake(pair);
        printf(" verification callbacks %d\n", calls != 0);
        report("client", pair.client);
        report("server", pair.server);
        SSL_write(pair.server, &byte, 1);
        SSL_read(pair.client, &byte, 1);
        SSL_SESSION_free(session);
        session = SSL_get1_session(pair.client);
        printf(" session's peer: %s\n", name_of(SSL_SESSION_get0_peer(session)));
        SSL_shutdown(pair.client);
        SSL_shutdown(pair.server);
        free_pair(pair);
    }
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

int main(void)
{
    root = make((struct wish){"P-256", "root", 1}, NULL);
    server_own = make((struct wish){"P-256", "server"}, &root);
    client_own = make((struct wish){"P-256", "client"}, &root);
    for (int with = 0; with < 4; with++) {
        run(TLS1_3_VERSION, with & 1, with >> 1, 1);
        run(TLS1_3_VERSION, with & 1, with >> 1, 0);
        run(TLS1_2_VERSION, with & 1, with >> 1, 1);
        run(TLS1_2_VERSION, with & 1, with >> 1, 0);
    }
    return 0;
}
