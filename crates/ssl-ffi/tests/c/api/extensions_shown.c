/* What SSL_set_tlsext_debug_callback is shown. */
#include "session_pair.h"

static int sentinel;

struct seen {
    int count, wrong;
    int types[64], lens[64];
};

static struct seen seen_by[2];

static void on_extension(SSL *ssl, int client_server, int type, const unsigned char *data, int len, void *arg)
{
    struct seen *seen = &seen_by[SSL_is_server(ssl)];

    seen->wrong += arg != &sentinel || client_server != !SSL_is_server(ssl);
    if (seen->count < 64) {
        seen->types[seen->count] = type;
        seen->lens[seen->count++] = len;
    }
    if (type == TLSEXT_TYPE_server_name && SSL_is_server(ssl) && len > 0)
        printf("  name: %.*s\n", len - 5, (const char *)data + 5);
}

static void tell(const char *who, const struct seen *seen, const int *types)
{
    printf("  %s: wrong %d\n", who, seen->wrong);
    for (; *types >= 0; types++) {
        int times = 0, len = 0;

        for (int i = 0; i < seen->count; i++)
            if (seen->types[i] == *types) {
                times++;
                len = seen->lens[i];
            }
        /* How much there is of others is the sender's choice. */
        if (*types == TLSEXT_TYPE_early_data || *types == TLSEXT_TYPE_renegotiate || *types == TLSEXT_TYPE_supported_versions)
            printf("  %s: %d, %d times, length %d\n", who, *types, times, len);
        else
            printf("  %s: %d, %d times\n", who, *types, times);
    }
}

static void run(int version)
{
    static const int to_server_12[] = { 0, 10, 13, 23, 4660, -1 }, to_server_13[] = { 0, 10, 13, 45, 51, 4660, -1 };
    static const int to_client_12[] = { 23, 51, TLSEXT_TYPE_renegotiate, -1 };
    static const int to_client_13[] = { 43, 51, 13, 16, TLSEXT_TYPE_early_data, TLSEXT_TYPE_renegotiate, -1 };
    SSL_CTX *server_ctx = pair_server(version), *client_ctx = pair_client(version);
    SSL *server, *client;
    BIO *a, *b;
    char byte;

    printf("version %x\n", version);
    memset(seen_by, 0, sizeof(seen_by));
    SSL_CTX_set_verify(server_ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_max_early_data(server_ctx, 1000);
    SSL_CTX_set_session_id_context(server_ctx, (const unsigned char *)"x", 1);
    server = SSL_new(server_ctx);
    client = SSL_new(client_ctx);
    SSL_set_tlsext_host_name(client, "localhost");
    for (int side = 0; side < 2; side++) {
        SSL *ssl = side ? server : client;

        printf("  set: %ld", SSL_set_tlsext_debug_callback(ssl, on_extension));
        printf(", %ld\n", SSL_set_tlsext_debug_arg(ssl, &sentinel));
    }
    BIO_new_bio_pair(&a, 0, &b, 0);
    SSL_set_bio(client, a, a);
    SSL_set_bio(server, b, b);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (int i = 0; i < 4; i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    printf("  read: %d\n", SSL_read(client, &byte, 1));
    printf("  finished: %d %d\n", SSL_is_init_finished(client), SSL_is_init_finished(server));
    tell("server", &seen_by[1], version == TLS1_2_VERSION ? to_server_12 : to_server_13);
    tell("client", &seen_by[0], version == TLS1_2_VERSION ? to_client_12 : to_client_13);
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(server_ctx);
    ERR_clear_error();
}

int main(void)
{
    run(TLS1_2_VERSION);
    run(TLS1_3_VERSION);
    EVP_PKEY_free(pair_key);
    X509_free(pair_certificate);
    return 0;
}
