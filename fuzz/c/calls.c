/*
 * The interpreter: objects, and the calls that drive, make and end them.
 *
 * A callback may do what it likes to its own connection, but for freeing it. OpenSSL survives less: it ends
 * over a session set, or buffers freed, in the middle of a handshake.
 */
#include "calls.h"

#include <string.h>

#include <openssl/x509v3.h>

struct world world;
EVP_PKEY *the_key, *another_key;
X509 *the_certificate, *another_certificate;

/* Where writes come from and reads go to; a retry may come from elsewhere in it. */
static unsigned char outgoing[70000], incoming[70000];

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

unsigned next_byte(void)
{
    return world.script < world.end ? *world.script++ : 0;
}

unsigned next_short(void)
{
    unsigned high = next_byte();

    return high << 8 | next_byte();
}

const unsigned char *next_bytes(size_t most, size_t *size)
{
    const unsigned char *bytes = world.script;
    size_t rest = (size_t)(world.end - world.script), wanted = next_byte();

    rest -= rest > 0;
    bytes += world.script != bytes;
    *size = wanted < rest ? wanted : rest;
    *size = *size < most ? *size : most;
    world.script = bytes + *size;
    return bytes;
}

const char *next_string(void)
{
    static char text[8][64];
    static unsigned turn;
    char *mine = text[turn++ % 8];
    size_t size;
    const unsigned char *bytes = next_bytes(sizeof(text[0]) - 1, &size);

    memcpy(mine, bytes, size);
    mine[size] = '\0';
    return mine;
}

static X509 *certify(EVP_PKEY *key, const char *name)
{
    X509 *x = X509_new();
    X509_NAME *subject = X509_get_subject_name(x);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, name);

    MUST(names != NULL && X509_set_version(x, 2));
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 864000);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, subject);
    X509_set_pubkey(x, key);
    X509_add_ext(x, names, -1);
    X509_EXTENSION_free(names);
    MUST(X509_sign(x, key, EVP_sha256()));
    return x;
}

static void make_keys(void)
{
    if (the_key != NULL)
        return;
    the_key = EVP_EC_gen("P-256");
    another_key = EVP_RSA_gen(2048);
    the_certificate = certify(the_key, "DNS:localhost");
    another_certificate = certify(another_key, "DNS:elsewhere");
    memset(outgoing, 'x', sizeof(outgoing));
}

static SSL_CTX *make_context(const SSL_METHOD *method)
{
    SSL_CTX *ctx = SSL_CTX_new(method);

    MUST(ctx != NULL);
    MUST(SSL_CTX_use_certificate(ctx, the_certificate) == 1);
    MUST(SSL_CTX_use_PrivateKey(ctx, the_key) == 1);
    MUST(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), the_certificate) == 1);
    return ctx;
}

/* Joins the first two connections by a new pair of BIOs. */
static void join(void)
{
    static const size_t sizes[] = { 17, 100, 512, 4096, 17000, 70000 };
    BIO *client, *server;
    size_t size = sizes[next_byte() % 6];

    /* libcrypto does not survive that the other end of a pair goes during a call of its callback. */
    if (world.ssl[0] == NULL || world.ssl[1] == NULL || world.transports > 0)
        return;
    MUST(BIO_new_bio_pair(&client, size, &server, size) == 1);
    SSL_set_bio(world.ssl[0], client, client);
    SSL_set_bio(world.ssl[1], server, server);
    if (next_byte() % 4 == 0)
        watch_transport(client);
}

void reenter(void)
{
    unsigned calls = world.depth < 3 ? next_byte() % 4 : 0;

    world.depth++;
    while (calls-- > 0)
        one_call();
    world.depth--;
}

/* What was transferred is no more than was asked for, and any error is one. */
static void judge(SSL *ssl, int result, int asked)
{
    MUST(result >= -1 && result <= asked);
    if (result <= 0) {
        int error = SSL_get_error(ssl, result);

        MUST(error >= SSL_ERROR_NONE && error <= SSL_ERROR_WANT_CLIENT_HELLO_CB + 1);
        MUST(error != SSL_ERROR_SSL || ERR_peek_error() != 0 || world.depth > 0);
    }
}

/* Moves data, or the handshake, or nothing. */
static void drive(SSL *ssl)
{
    unsigned way = next_byte() % 16;
    int size = (int)(next_short() % sizeof(outgoing)), offset = size % 3;
    size_t done = 0;

    ERR_clear_error();
    size -= size > 3 ? 3 : 0;
    switch (way) {
    case 0:
    case 1:
        judge(ssl, SSL_do_handshake(ssl), 1);
        break;
    case 2:
        judge(ssl, SSL_connect(ssl), 1);
        break;
    case 3:
        judge(ssl, SSL_accept(ssl), 1);
        break;
    case 4:
    case 5:
        judge(ssl, SSL_read(ssl, incoming, size), size);
        break;
    case 6:
        judge(ssl, SSL_peek(ssl, incoming, size), size);
        break;
    case 7:
        judge(ssl, SSL_read_ex(ssl, incoming, (size_t)size, &done), 1);
        MUST(done <= (size_t)size);
        break;
    case 8:
        judge(ssl, SSL_peek_ex(ssl, incoming, (size_t)size, &done), 1);
        MUST(done <= (size_t)size);
        break;
    case 9:
    case 10:
        judge(ssl, SSL_write(ssl, outgoing + offset, size), size);
        break;
    case 11:
        judge(ssl, SSL_write_ex(ssl, outgoing, (size_t)size, &done), 1);
        break;
    case 12:
        judge(ssl, SSL_shutdown(ssl), 1);
        break;
    case 13:
        judge(ssl, SSL_write_early_data(ssl, outgoing, (size_t)size, &done), 1);
        break;
    case 14:
        SSL_read_early_data(ssl, incoming, (size_t)size, &done);
        break;
    case 15:
        SSL_key_update(ssl, (int)(next_byte() % 3));
        break;
    }
}

/* Both ends in turns: what most scripts need first. */
static void drive_both(void)
{
    int turns = (int)(next_byte() % 64);

    while (turns-- > 0 && world.ssl[0] != NULL && world.ssl[1] != NULL) {
        SSL *ssl = world.ssl[turns % 2];

        ERR_clear_error();
        if (SSL_is_init_finished(ssl))
            judge(ssl, SSL_read(ssl, incoming, 1000), 1000);
        else
            judge(ssl, SSL_do_handshake(ssl), 1);
    }
}

/* Makes, joins, ends. */
static void live(unsigned slot)
{
    SSL *ssl = world.ssl[slot];
    /* A connection must not go away under its own callback, nor one that a callback above is in. */
    int may_end = world.depth == 0;

    switch (next_byte() % 10) {
    case 0:
        if (may_end && ssl != NULL && slot >= 2) {
            SSL_free(ssl);
            world.ssl[slot] = NULL;
        }
        break;
    case 1:
        if (ssl == NULL)
            world.ssl[slot] = SSL_new(world.ctx[next_byte() % 2]);
        break;
    case 2:
        SSL_clear(ssl);
        break;
    case 3:
        join();
        break;
    case 4:
        /* The copy of one end of a pair has no other, and libcrypto does not survive its use. */
        if (ssl != NULL && world.ssl[2] == NULL && (world.ssl[2] = SSL_dup(ssl)) != NULL)
            SSL_set_bio(world.ssl[2], BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        break;
    case 5:
        if (ssl != NULL)
            SSL_set_SSL_CTX(ssl, world.ctx[next_byte() % 2]);
        break;
    case 6:
        if (ssl != NULL && SSL_up_ref(ssl))
            SSL_free(ssl);
        break;
    case 7:
        if (ssl != NULL)
            SSL_set_connect_state(ssl);
        break;
    case 8:
        if (ssl != NULL)
            SSL_set_accept_state(ssl);
        break;
    case 9:
        if (ssl != NULL)
            SSL_set_ssl_method(ssl, next_byte() % 2 ? TLS_method() : TLSv1_2_client_method());
        break;
    }
}

/* Bytes that no peer of ours would send. */
static void interfere(SSL *ssl)
{
    static const unsigned char alert[] = { 21, 3, 3, 0, 2, 1, 90 };
    size_t size;
    const unsigned char *bytes = next_bytes(200, &size);
    BIO *bio;

    switch (next_byte() % 4) {
    case 0:
        BIO_write(SSL_get_wbio(ssl), bytes, (int)size);
        break;
    case 1:
        BIO_write(SSL_get_wbio(ssl), alert, sizeof(alert));
        break;
    case 2:
        if (world.depth == 0 && (bio = BIO_new(BIO_s_mem())) != NULL) {
            BIO_write(bio, bytes, (int)size);
            SSL_set0_rbio(ssl, bio);
        }
        break;
    case 3:
        if (SSL_get_wbio(ssl) != NULL)
            BIO_shutdown_wr(SSL_get_wbio(ssl));
        break;
    }
}

/* Sessions between connections, contexts and encodings. */
static void move_session(SSL *ssl)
{
    unsigned slot = next_byte() % SLOTS;
    SSL_SESSION *session = world.session[slot], *made = NULL;
    unsigned char *bytes = NULL, *at;
    const unsigned char *read;
    int size;

    switch (next_byte() % 9) {
    case 0:
        made = ssl != NULL ? SSL_get1_session(ssl) : NULL;
        break;
    case 1:
        if (ssl != NULL)
            SSL_set_session(ssl, session);
        break;
    case 2:
        made = session != NULL ? SSL_SESSION_dup(session) : SSL_SESSION_new();
        break;
    case 3:
        if (session == NULL || (size = i2d_SSL_SESSION(session, NULL)) <= 0)
            break;
        at = bytes = OPENSSL_malloc((size_t)size);
        MUST(i2d_SSL_SESSION(session, &at) == size && at == bytes + size);
        bytes[next_short() % (unsigned)size] ^= (unsigned char)next_byte();
        read = bytes;
        made = d2i_SSL_SESSION(NULL, &read, size);
        OPENSSL_free(bytes);
        break;
    case 4:
        if (session != NULL)
            SSL_CTX_add_session(world.ctx[next_byte() % 2], session);
        break;
    case 5:
        if (session != NULL)
            SSL_CTX_remove_session(world.ctx[next_byte() % 2], session);
        break;
    case 6:
        SSL_CTX_flush_sessions(world.ctx[next_byte() % 2], (long)next_short() * 100000);
        break;
    case 7:
        if (session != NULL)
            change_session(session);
        break;
    case 8:
        if (session != NULL)
            look_at_session(session);
        break;
    }
    if (made != NULL) {
        SSL_SESSION_free(world.session[slot]);
        world.session[slot] = made;
    }
}

/* Commands that take a number, or none that exists. */
static const unsigned char numbers[] = {
    10, 11, 12, 13, 16, 17, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 33, 40, 41, 42,
    43, 44, 45, 50, 51, 52, 65, 76, 77, 78, 88, 94, 99, 105, 110, 119, 123, 124, 125, 126,
    127, 130, 131, 135, 138, 200, 255,
};

void one_call(void)
{
    unsigned kind = next_byte(), slot = kind / 16 % SLOTS;
    SSL *ssl = world.ssl[slot];

    if (world.budget-- <= 0)
        return;
    switch (kind % 12) {
    case 0:
    case 1:
    case 2:
        if (ssl != NULL)
            drive(ssl);
        break;
    case 3:
        if (world.depth == 0)
            drive_both();
        break;
    case 4:
        live(slot);
        break;
    case 5:
        if (ssl != NULL)
            interfere(ssl);
        break;
    case 6:
        move_session(ssl);
        break;
    case 7:
        if (ssl != NULL)
            look_at_connection(ssl);
        else
            look_at_context(world.ctx[next_byte() % 2]);
        break;
    case 8:
        if (ssl != NULL)
            change_connection(ssl);
        break;
    case 9:
        change_context(world.ctx[next_byte() % 2]);
        break;
    case 10:
        if (ssl != NULL)
            install_on_connection(ssl, next_byte());
        break;
    case 11:
        /* A command, with or without an object. */
        SSL_ctrl(ssl, numbers[next_byte() % sizeof(numbers)], (long)next_short() - 100, NULL);
        SSL_CTX_ctrl(world.ctx[slot % 2], numbers[next_byte() % sizeof(numbers)],
                     (long)next_short() - 100, NULL);
        break;
    }
}

/* A job that is paused when its connection goes is lost, in OpenSSL as well. */
static void finish_job(SSL *ssl)
{
    while (ssl != NULL && SSL_waiting_for_async(ssl))
        SSL_do_handshake(ssl);
}

void run_calls(const uint8_t *script, size_t size)
{
    unsigned long client, server;
    int slot;

    make_keys();
    memset(&world, 0, sizeof(world));
    world.script = script;
    world.end = script + size;
    world.budget = 300;
    client = (unsigned long)next_short() << 16 | next_short();
    server = (unsigned long)next_short() << 16 | next_short();
    world.ctx[0] = make_context(TLS_client_method());
    world.ctx[1] = make_context(TLS_server_method());
    install_callbacks(world.ctx[0], client);
    install_callbacks(world.ctx[1], server);
    /* Some settings before there are connections. */
    for (slot = (int)(next_byte() % 4); slot > 0; slot--)
        change_context(world.ctx[next_byte() % 2]);
    world.ssl[0] = SSL_new(world.ctx[0]);
    world.ssl[1] = SSL_new(world.ctx[1]);
    if (world.ssl[0] != NULL && world.ssl[1] != NULL) {
        SSL_set_connect_state(world.ssl[0]);
        SSL_set_accept_state(world.ssl[1]);
    }
    join();
    while (world.script < world.end && world.budget > 0)
        one_call();
    /* Freeing calls back too, and finds no script. */
    world.script = world.end;
    /* A paused job may be in a call on another connection. */
    for (slot = 0; slot < SLOTS; slot++)
        finish_job(world.ssl[slot]);
    for (slot = 0; slot < SLOTS; slot++)
        SSL_free(world.ssl[slot]);
    SSL_CTX_free(world.ctx[0]);
    SSL_CTX_free(world.ctx[1]);
    for (slot = 0; slot < SLOTS; slot++)
        SSL_SESSION_free(world.session[slot]);
    ERR_clear_error();
}
