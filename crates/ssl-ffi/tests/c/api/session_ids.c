/* Session ids that the application chooses. */
#include "session_pair.h"

static int answer, serial;
static unsigned int length;

static int generate(SSL *ssl, unsigned char *id, unsigned int *room)
{
    printf("  generate: server %d, room %u, known %d\n", SSL_is_server(ssl), *room,
           SSL_has_matching_session_id(ssl, id, *room));
    memset(id, 'a' + serial, *room);
    memcpy(id, "front1:", 7);
    if (length != 0)
        *room = length;
    return answer;
}

static int generate_own(SSL *ssl, unsigned char *id, unsigned int *room)
{
    (void)ssl;
    printf("  its own\n");
    memset(id, 'Z', *room);
    return 1;
}

/* Changes the settings that it stands in, as a program may that learns of the client here. */
static int generate_and_change(SSL *ssl, unsigned char *id, unsigned int *room)
{
    SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);

    printf("  of the connection: %d", SSL_set_generate_session_id(ssl, generate_own));
    printf(" %d %d", SSL_set_session_id_context(ssl, (const unsigned char *)"pair", 4),
           SSL_set_num_tickets(ssl, 1));
    printf(" %x\n", (unsigned)(SSL_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE) & SSL_OP_CIPHER_SERVER_PREFERENCE));
    printf("  of the context: %d", SSL_CTX_set_generate_session_id(ctx, generate));
    printf(" %d\n", SSL_CTX_set_num_tickets(ctx, 1));
    return generate(ssl, id, room);
}

static void show(const char *label, SSL_SESSION *session)
{
    unsigned int count;
    const unsigned char *id = SSL_SESSION_get_id(session, &count);

    printf("%s: %.*s\n", label, (int)count, count == 32 ? (const char *)id : "(not 32 bytes)");
}

static void one(const char *label, SSL_CTX *client, SSL_CTX *server, int by_ssl)
{
    struct pair pair = pair_new(client, server, NULL);

    if (by_ssl)
        printf("set: %d\n", SSL_set_generate_session_id(pair.server, generate_own));
    if (pair_shake(&pair)) {
        SSL_SESSION *session = SSL_get_session(pair.server);
        unsigned int count;
        const unsigned char *id = SSL_SESSION_get_id(session, &count);

        show(label, session);
        printf("matching: %d\n", SSL_has_matching_session_id(pair.server, id, count));
        if (SSL_version(pair.client) == TLS1_2_VERSION)
            show("client", SSL_get_session(pair.client));
    }
    pair_close(&pair);
    pair_free(&pair);
    ERR_clear_error();
}

static void run(int version, uint64_t options)
{
    SSL_CTX *client = pair_client(version), *server = pair_server(version);
    SSL_SESSION *session, *last;

    printf("-- version %x, options %lx\n", version, (unsigned long)options);
    SSL_CTX_set_options(server, options);
    SSL_CTX_set_num_tickets(server, 1);
    printf("set: %d\n", SSL_CTX_set_generate_session_id(server, generate));
    answer = 1;
    length = 0;
    one("first", client, server, 0);
    serial++;
    one("second", client, server, 0);
    if (options != 0) {
        printf("conflict\n");
        one("conflict", client, server, 0);
    }
    serial++;
    length = 33;
    one("too long", client, server, 0);
    length = 0;
    answer = 0;
    one("failure", client, server, 0);
    answer = 1;
    serial++;
    one("of the connection", client, server, 1);
    serial++;
    SSL_CTX_set_generate_session_id(server, generate_and_change);
    one("changes settings", client, server, 0);
    serial++;
    one("after the change", client, server, 0);
    serial++;
    session = pair_run("full", client, server, NULL);
    last = pair_run("resumed", client, server, session);
    SSL_SESSION_free(last);
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

int main(void)
{
    run(TLS1_2_VERSION, SSL_OP_NO_TICKET);
    run(TLS1_3_VERSION, SSL_OP_NO_TICKET);
    run(TLS1_3_VERSION, 0);
    return 0;
}
