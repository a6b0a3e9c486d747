/* The ephemeral keys of a handshake, and the types of certificates that a server asks for. */
#include "cert_common.h"

static struct identity root, own;

static void show(const char *label, EVP_PKEY *key)
{
    char group[64] = "-";

    EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
    printf(" %s: %s %d bits %s\n", label, EVP_PKEY_get0_type_name(key), EVP_PKEY_get_bits(key), group);
}

static void run(int version, const char *groups)
{
    SSL_CTX *client = new_ctx(version), *server = new_ctx(version);
    EVP_PKEY *clients = NULL, *servers = NULL, *seen_by_client = NULL, *seen_by_server = NULL;
    const unsigned char *types = NULL;
    long count;
    struct pair pair;

    printf("%s, %x\n", groups, version);
    use(server, &own);
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER, NULL);
    require(SSL_CTX_set1_groups_list(server, groups) == 1, "set groups");
    pair = new_pair(client, server);
    printf(" before: %ld\n", SSL_get_peer_tmp_key(pair.client, &seen_by_client));
    handshake(pair);
    printf(" after: %ld %ld %ld %ld\n", SSL_get_peer_tmp_key(pair.client, &seen_by_client),
           SSL_get_peer_tmp_key(pair.server, &seen_by_server), SSL_get_tmp_key(pair.client, &clients),
           SSL_get_tmp_key(pair.server, &servers));
    if (seen_by_client != NULL && seen_by_server != NULL && clients != NULL && servers != NULL) {
        show("client", seen_by_server);
        show("server", seen_by_client);
        printf(" the same: %d %d\n", EVP_PKEY_eq(clients, seen_by_server),
               EVP_PKEY_eq(servers, seen_by_client));
    }
    count = SSL_get0_certificate_types(pair.client, &types);
    /* Which types those are follows from the suites and schemes that a library has. */
    printf(" asked for types: %d, RSA %d ECDSA %d\n", count > 0,
           count > 0 && memchr(types, TLS_CT_RSA_SIGN, (size_t)count) != NULL,
           count > 0 && memchr(types, TLS_CT_ECDSA_SIGN, (size_t)count) != NULL);
    printf(" server: %ld\n", SSL_get0_certificate_types(pair.server, &types));
    printf(" set: %ld %ld\n", SSL_set1_client_certificate_types(pair.server, "\1", 1),
           SSL_set1_client_certificate_types(pair.client, "\1", 1));
    EVP_PKEY_free(clients);
    EVP_PKEY_free(servers);
    EVP_PKEY_free(seen_by_client);
    EVP_PKEY_free(seen_by_server);
    free_pair(pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

int main(void)
{
    root = make((struct wish){"P-256", "root", 1}, NULL);
    own = make((struct wish){"RSA", "own"}, &root);
    run(TLS1_3_VERSION, "X25519");
    run(TLS1_3_VERSION, "P-256");
    run(TLS1_3_VERSION, "P-384");
    run(TLS1_2_VERSION, "X25519");
    run(TLS1_2_VERSION, "P-256");
    return 0;
}
