/* Every getter and setter of an SSL_SESSION that needs no connection. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

static void hex(const char *label, const unsigned char *bytes, size_t length)
{
    printf("%s:", label);
    for (size_t i = 0; i < length; i++)
        printf(" %02x", bytes[i]);
    printf("\n");
}

/* Reasons only: the place of an error is each library's own. */
static void errors(void)
{
    unsigned long entry;

    while ((entry = ERR_get_error()) != 0)
        printf("  error: library %d reason %d %s\n", ERR_GET_LIB(entry),
               ERR_GET_REASON(entry), ERR_reason_error_string(entry));
}

static void times(SSL_SESSION *session)
{
    long now = SSL_SESSION_get_time(session);

    printf("made now: %d, timeout %ld\n", now > 1700000000, SSL_SESSION_get_timeout(session));
    printf("set_time: %ld\n", SSL_SESSION_set_time(session, 1234));
    printf("time: %ld\n", SSL_SESSION_get_time(session));
    printf("set_time negative: %ld\n", SSL_SESSION_set_time(session, -5));
    printf("time: %ld\n", SSL_SESSION_get_time(session));
    printf("set_timeout: %ld\n", SSL_SESSION_set_timeout(session, 77));
    printf("set_timeout negative: %ld\n", SSL_SESSION_set_timeout(session, -1));
    printf("timeout: %ld\n", SSL_SESSION_get_timeout(session));
    printf("NULL: %ld %ld %ld %ld\n", SSL_SESSION_get_time(NULL), SSL_SESSION_set_time(NULL, 1),
           SSL_SESSION_get_timeout(NULL), SSL_SESSION_set_timeout(NULL, 1));
}

static void ids(SSL_SESSION *session)
{
    unsigned char long_id[33];
    unsigned int length = 99;
    const unsigned char *id = SSL_SESSION_get_id(session, &length);

    memset(long_id, 'x', sizeof(long_id));
    printf("id: %d bytes, pointer %d\n", (int)length, id != NULL);
    printf("resumable: %d\n", SSL_SESSION_is_resumable(session));
    printf("set1_id: %d\n", SSL_SESSION_set1_id(session, (const unsigned char *)"abcd", 4));
    id = SSL_SESSION_get_id(session, &length);
    hex("id", id, length);
    printf("same pointer without length: %d\n", SSL_SESSION_get_id(session, NULL) == id);
    printf("resumable: %d\n", SSL_SESSION_is_resumable(session));
    printf("its own: %d\n", SSL_SESSION_set1_id(session, id, 3));
    hex("id", SSL_SESSION_get_id(session, &length), 3);
    printf("length: %u\n", length);
    printf("32 bytes: %d\n", SSL_SESSION_set1_id(session, long_id, 32));
    printf("33 bytes: %d\n", SSL_SESSION_set1_id(session, long_id, 33));
    errors();
    SSL_SESSION_get_id(session, &length);
    printf("length: %u\n", length);
    printf("none: %d\n", SSL_SESSION_set1_id(session, NULL, 0));
    SSL_SESSION_get_id(session, &length);
    printf("length: %u\n", length);

    SSL_SESSION_get0_id_context(session, &length);
    printf("context: %u bytes\n", length);
    printf("set1_id_context: %d\n",
           SSL_SESSION_set1_id_context(session, (const unsigned char *)"ctx", 3));
    id = SSL_SESSION_get0_id_context(session, &length);
    hex("context", id, length);
    printf("33 bytes: %d\n", SSL_SESSION_set1_id_context(session, long_id, 33));
    errors();
}

static void texts(SSL_SESSION *session)
{
    const unsigned char *alpn = (const unsigned char *)"?";
    const unsigned char *ticket = alpn;
    void *data = &data;
    size_t length = 99;
    const char *name;

    printf("hostname: %s\n", SSL_SESSION_get0_hostname(session) ? "some" : "none");
    printf("set1_hostname: %d\n", SSL_SESSION_set1_hostname(session, "example.org"));
    name = SSL_SESSION_get0_hostname(session);
    printf("hostname: %s\n", name);
    printf("none: %d\n", SSL_SESSION_set1_hostname(session, NULL));
    printf("hostname: %s\n", SSL_SESSION_get0_hostname(session) ? "some" : "none");

    SSL_SESSION_get0_alpn_selected(session, &alpn, &length);
    printf("alpn: %d %d\n", alpn != NULL, (int)length);
    printf("set1_alpn: %d\n",
           SSL_SESSION_set1_alpn_selected(session, (const unsigned char *)"h2", 2));
    SSL_SESSION_get0_alpn_selected(session, &alpn, &length);
    hex("alpn", alpn, length);
    printf("none: %d\n", SSL_SESSION_set1_alpn_selected(session, NULL, 5));
    SSL_SESSION_get0_alpn_selected(session, &alpn, &length);
    printf("alpn: %d %d\n", alpn != NULL, (int)length);

    printf("get0_ticket_appdata: %d", SSL_SESSION_get0_ticket_appdata(session, &data, &length));
    printf(" %d %d\n", data != NULL, (int)length);
    printf("set1_ticket_appdata: %d\n", SSL_SESSION_set1_ticket_appdata(session, "data", 4));
    printf("get0_ticket_appdata: %d\n", SSL_SESSION_get0_ticket_appdata(session, &data, &length));
    hex("appdata", data, length);
    printf("none: %d\n", SSL_SESSION_set1_ticket_appdata(session, "data", 0));
    printf("get0_ticket_appdata: %d", SSL_SESSION_get0_ticket_appdata(session, &data, &length));
    printf(" %d %d\n", data != NULL, (int)length);

    SSL_SESSION_get0_ticket(session, &ticket, &length);
    printf("ticket: %d %d, has %d, hint %lu\n", ticket != NULL, (int)length,
           SSL_SESSION_has_ticket(session), SSL_SESSION_get_ticket_lifetime_hint(session));
    SSL_SESSION_get0_ticket(session, NULL, &length);
    printf("ticket length: %d\n", (int)length);
}

static void numbers(SSL_SESSION *session)
{
    printf("version: %d\n", SSL_SESSION_get_protocol_version(session));
    printf("set_protocol_version: %d\n",
           SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION));
    printf("version: %x\n", SSL_SESSION_get_protocol_version(session));
    printf("any version: %d\n", SSL_SESSION_set_protocol_version(session, 7));
    printf("version: %x\n", SSL_SESSION_get_protocol_version(session));
    printf("cipher: %d\n", SSL_SESSION_get0_cipher(session) != NULL);
    printf("set_cipher: %d\n", SSL_SESSION_set_cipher(session, NULL));
    printf("early data: %u\n", SSL_SESSION_get_max_early_data(session));
    printf("set: %d\n", SSL_SESSION_set_max_early_data(session, 0xffffffff));
    printf("early data: %u\n", SSL_SESSION_get_max_early_data(session));
    printf("fragment: %d\n", SSL_SESSION_get_max_fragment_length(session));
    printf("compression: %u\n", SSL_SESSION_get_compress_id(session));
    printf("peer: %d\n", SSL_SESSION_get0_peer(session) != NULL);
}

static void secret(SSL_SESSION *session)
{
    unsigned char bytes[600];
    unsigned char out[600];

    memset(bytes, 0xab, sizeof(bytes));
    memset(out, 0, sizeof(out));
    printf("secret: %d\n", (int)SSL_SESSION_get_master_key(session, NULL, 0));
    printf("set1: %d\n", SSL_SESSION_set1_master_key(session, bytes, 48));
    printf("length: %d\n", (int)SSL_SESSION_get_master_key(session, NULL, 0));
    printf("part: %d\n", (int)SSL_SESSION_get_master_key(session, out, 3));
    hex("out", out, 4);
    printf("whole: %d\n", (int)SSL_SESSION_get_master_key(session, out, sizeof(out)));
    hex("out", out, 49);
    printf("512: %d\n", SSL_SESSION_set1_master_key(session, bytes, 512));
    printf("513: %d\n", SSL_SESSION_set1_master_key(session, bytes, 513));
    errors();
    printf("length: %d\n", (int)SSL_SESSION_get_master_key(session, NULL, 0));
}

static int made, copied, freed;

static void on_new(void *parent, void *value, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
    made += parent != NULL && argl == 5;
}

static int on_dup(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **value, int index,
                  long argl, void *argp)
{
    copied++;
    *value = argp;
    return 1;
}

static void on_free(void *parent, void *value, CRYPTO_EX_DATA *data, int index, long argl,
                    void *argp)
{
    /* The object is whole while its data is freed. */
    if (value != NULL)
        freed += SSL_SESSION_get_timeout(parent) == 304;
}

static void application_data(void)
{
    static int value, copy;
    int index = SSL_SESSION_get_ex_new_index(5, &copy, on_new, on_dup, on_free);
    SSL_SESSION *one = SSL_SESSION_new();
    SSL_SESSION *two;

    printf("made %d, value %d\n", made, SSL_SESSION_get_ex_data(one, index) != NULL);
    printf("set: %d\n", SSL_SESSION_set_ex_data(one, index, &value));
    printf("kept: %d\n", SSL_SESSION_get_ex_data(one, index) == &value);
    printf("no such index: %d\n", SSL_SESSION_get_ex_data(one, 1000) != NULL);
    two = SSL_SESSION_dup(one);
    printf("copied %d: %d\n", copied, SSL_SESSION_get_ex_data(two, index) == &copy);
    SSL_SESSION_free(one);
    printf("freed %d\n", freed);
    printf("up_ref: %d\n", SSL_SESSION_up_ref(two));
    SSL_SESSION_free(two);
    printf("freed %d\n", freed);
    SSL_SESSION_free(two);
    printf("freed %d\n", freed);
    SSL_SESSION_free(NULL);
}

int main(void)
{
    SSL_SESSION *session = SSL_SESSION_new();

    times(session);
    ids(session);
    texts(session);
    numbers(session);
    secret(session);
    SSL_SESSION_free(session);
    application_data();
    return 0;
}
