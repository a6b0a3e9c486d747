/* Tickets: the keys of a context, the callbacks that choose keys or judge tickets, how many there are. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "session_pair.h"
#include <openssl/core_names.h>
#include <openssl/hmac.h>

static int seals, opens, tickets;

static int on_new(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    (void)session;
    tickets++;
    return 0;
}

static unsigned char *key_name(char fill)
{
    static unsigned char name[16];

    memset(name, fill, sizeof(name));
    return name;
}

static int prepare(unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, int seal, int answer)
{
    static const unsigned char key[32] = "the key of these tickets";

    if (seal) {
        memcpy(name, key_name('k'), 16);
        memset(iv, 'i', 16);
    } else {
        printf("  name known: %d\n", memcmp(name, key_name('k'), 16) == 0);
    }
    if (answer <= 0)
        return answer;
    if (seal)
        EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv);
    else
        EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv);
    return answer;
}

static int with_hmac(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, HMAC_CTX *mac,
                     int seal)
{
    int answer = seal ? seals : opens;

    printf("  hmac callback: server %d, seal %d\n", SSL_is_server(ssl), seal);
    answer = prepare(name, iv, cipher, seal, answer);
    if (answer > 0)
        HMAC_Init_ex(mac, "mac key", 7, EVP_sha256(), NULL);
    return answer;
}

static int with_mac(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
                    int seal)
{
    OSSL_PARAM params[3];
    int answer = seal ? seals : opens;

    printf("  mac callback: server %d, seal %d\n", SSL_is_server(ssl), seal);
    answer = prepare(name, iv, cipher, seal, answer);
    if (answer > 0) {
        params[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, "mac key", 7);
        params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0);
        params[2] = OSSL_PARAM_construct_end();
        EVP_MAC_CTX_set_params(mac, params);
    }
    return answer;
}

static void callbacks(int version, int old)
{
    static const int answers[][2] = { { 1, 1 }, { 1, 2 }, { 1, 0 }, { 1, -1 }, { 0, 1 }, { -1, 1 } };
    SSL_CTX *client = pair_client(version), *server = pair_server(version);
    SSL_SESSION *session, *last;

    SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client, on_new);
    if (old)
        printf("set: %ld\n", SSL_CTX_set_tlsext_ticket_key_cb(server, with_hmac));
    else
        printf("set: %d\n", SSL_CTX_set_tlsext_ticket_key_evp_cb(server, with_mac));
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        struct pair pair;

        seals = answers[i][0];
        opens = answers[i][1];
        printf("-- version %x, old %d, answers %d %d\n", version, old, seals, opens);
        tickets = 0;
        pair = pair_new(client, server, NULL);
        if (!pair_shake(&pair)) {
            pair_free(&pair);
            continue;
        }
        printf("tickets %d\n", tickets);
        session = SSL_get1_session(pair.client);
        pair_describe("session", session);
        pair_close(&pair);
        pair_free(&pair);
        tickets = 0;
        last = pair_run("again", client, server, session);
        printf("tickets %d, resumable %d\n", tickets, SSL_SESSION_is_resumable(session));
        SSL_SESSION_free(last);
        SSL_SESSION_free(session);
    }
    printf("hits %ld\n", SSL_CTX_sess_hits(server));
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void keys(int version)
{
    SSL_CTX *client = pair_client(version), *one = pair_server(version), *other = pair_server(version);
    unsigned char bytes[80];
    SSL_SESSION *session, *last;

    printf("-- keys, version %x\n", version);
    printf("length: %ld %ld\n", SSL_CTX_get_tlsext_ticket_keys(one, NULL, 0),
           SSL_CTX_set_tlsext_ticket_keys(one, NULL, 0));
    printf("wrong: %ld\n", SSL_CTX_get_tlsext_ticket_keys(one, bytes, 48));
    pair_errors("wrong");
    printf("wrong: %ld\n", SSL_CTX_set_tlsext_ticket_keys(one, bytes, 81));
    pair_errors("wrong");
    session = pair_run("first", client, one, NULL);
    last = pair_run("other keys", client, other, session);
    SSL_SESSION_free(last);
    printf("get: %ld\n", SSL_CTX_get_tlsext_ticket_keys(one, bytes, 80));
    printf("set: %ld\n", SSL_CTX_set_tlsext_ticket_keys(other, bytes, 80));
    last = pair_run("same keys", client, other, session);
    SSL_SESSION_free(last);
    last = pair_run("where it was made", client, one, session);
    SSL_SESSION_free(last);
    bytes[0] ^= 1;
    printf("set: %ld\n", SSL_CTX_set_tlsext_ticket_keys(other, bytes, 80));
    last = pair_run("another name", client, other, session);
    SSL_SESSION_free(last);
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(one);
    SSL_CTX_free(other);
}

static void numbers(void)
{
    SSL_CTX *client = pair_client(TLS1_3_VERSION), *server = pair_server(TLS1_3_VERSION);

    SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client, on_new);
    for (int n = 0; n < 5; n++)
        for (int stateful = 0; stateful < 2; stateful++) {
            SSL_SESSION *session, *last;

            printf("-- %d tickets, stateful %d\n", n, stateful);
            SSL_CTX_set_num_tickets(server, n);
            if (stateful)
                SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
            else
                SSL_CTX_clear_options(server, SSL_OP_NO_TICKET);
            tickets = 0;
            session = pair_run("first", client, server, NULL);
            printf("tickets %d, resumable %d\n", tickets, SSL_SESSION_is_resumable(session));
            tickets = 0;
            last = pair_run("second", client, server, session);
            printf("tickets %d\n", tickets);
            SSL_SESSION_free(last);
            SSL_SESSION_free(session);
            pair_counters("server", server);
        }
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static int before, after;

static int before_ticket(SSL *ssl, void *arg)
{
    SSL_SESSION *session = SSL_get_session(ssl);

    printf("  before: arg %s, session %d, set %d\n", (const char *)arg, session != NULL,
           SSL_SESSION_set1_ticket_appdata(session, "data", 4));
    return before;
}

static SSL_TICKET_RETURN after_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t length,
                                      SSL_TICKET_STATUS status, void *arg)
{
    void *data = NULL;
    size_t count = 0;

    (void)ssl;
    (void)name;
    if (session != NULL)
        SSL_SESSION_get0_ticket_appdata(session, &data, &count);
    printf("  after: arg %s, session %d, name %d, status %d, data %.*s\n", (const char *)arg, session != NULL,
           (int)length, status, (int)count, data != NULL ? (char *)data : "");
    return after;
}

static void judged(int version)
{
    for (before = 1; before >= 0; before--)
        for (after = 0; after < 6; after++) {
            SSL_CTX *client = pair_client(version), *server = pair_server(version);
            SSL_SESSION *session, *last;

            SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
            SSL_CTX_sess_set_new_cb(client, on_new);
            printf("-- judged, version %x, before %d, after %d\n", version, before, after);
            printf("set: %d\n", SSL_CTX_set_session_ticket_cb(server, before_ticket, after_ticket, "arg"));
            if (after != 0 && after != 3 && after != 4) {
                tickets = 0;
                session = pair_run("first", client, server, NULL);
                printf("tickets %d\n", tickets);
            } else {
                /* Where an empty ticket would end the handshake. */
                SSL_CTX_set_session_ticket_cb(server, before_ticket, NULL, "arg");
                session = pair_run("first", client, server, NULL);
                SSL_CTX_set_session_ticket_cb(server, before_ticket, after_ticket, "arg");
            }
            tickets = 0;
            last = pair_run("second", client, server, session);
            printf("tickets %d\n", tickets);
            SSL_SESSION_free(last);
            SSL_SESSION_free(session);
            SSL_CTX_free(client);
            SSL_CTX_free(server);
            pair_errors("left");
        }
}

static int not_resumable(SSL *ssl, int is_forward_secure)
{
    printf("  not resumable? server %d, forward secure %d\n", SSL_is_server(ssl), is_forward_secure);
    return before;
}

/* An id that is not resumable may be sent or not: what comes of it is the same. */
static void refused(int version, uint64_t options, int by_ssl)
{
    SSL_CTX *client = pair_client(version), *server = pair_server(version);

    printf("-- refused, version %x, options %lx\n", version, (unsigned long)options);
    SSL_CTX_set_options(server, options);
    if (!by_ssl)
        SSL_CTX_set_not_resumable_session_callback(server, not_resumable);
    for (before = 1; before >= 0; before--) {
        struct pair pair = pair_new(client, server, NULL);
        SSL_SESSION *session, *last;

        if (by_ssl)
            SSL_set_not_resumable_session_callback(pair.server, not_resumable);
        printf("shake: %d\n", pair_shake(&pair));
        printf("server: resumable %d\n", SSL_SESSION_is_resumable(SSL_get_session(pair.server)));
        printf("client: ticket %d\n", SSL_SESSION_has_ticket(SSL_get_session(pair.client)));
        session = SSL_get1_session(pair.client);
        pair_close(&pair);
        pair_free(&pair);
        last = pair_run("second", client, server, session);
        SSL_SESSION_free(last);
        SSL_SESSION_free(session);
    }
    printf("number %ld, hits %ld\n", SSL_CTX_sess_number(server), SSL_CTX_sess_hits(server));
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

int main(void)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        keys(version);
        callbacks(version, 0);
        callbacks(version, 1);
        judged(version);
        refused(version, 0, 0);
        refused(version, SSL_OP_NO_TICKET, 1);
    }
    numbers();
    return 0;
}
