/* Sessions as bytes, as PEM and as text. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

/* TLS 1.3 with a ticket, as a client of OpenSSL 3.0 stored it; shortened. */
static const unsigned char CLIENT[] = {
    0x30, 0x81, 0x8a, 0x02, 0x01, 0x01, 0x02, 0x02, 0x03, 0x04, 0x04, 0x02, 0x13, 0x01,
    0x04, 0x04, 0xaa, 0xbb, 0xcc, 0xdd, 0x04, 0x08, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16,
    0x17, 0x18, 0xa1, 0x06, 0x02, 0x04, 0x65, 0x53, 0xf1, 0x00, 0xa2, 0x04, 0x02, 0x02,
    0x1c, 0x20, 0xa4, 0x02, 0x04, 0x00, 0xa5, 0x03, 0x02, 0x01, 0x12, 0xa6, 0x0d, 0x04,
    0x0b, 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 'o', 'r', 'g', 0xa9, 0x04, 0x02, 0x02,
    0x1c, 0x20, 0xaa, 0x16, 0x04, 0x14, 't', 'i', 'c', 'k', 'e', 't', ' ', 'o', 'f', ' ',
    't', 'w', 'e', 'n', 't', 'y', ' ', 'b', 'y', 't', 0xad, 0x03, 0x02, 0x01, 0x01, 0xae,
    0x07, 0x02, 0x05, 0x00, 0xfe, 0xdc, 0xba, 0x98, 0xaf, 0x04, 0x02, 0x02, 0x40, 0x00,
    0xb0, 0x04, 0x04, 0x02, 'h', '2', 0xb1, 0x04, 0x02, 0x02, 0x00, 0xff, 0xb2, 0x04,
    0x04, 0x02, 'a', 'd', 0xb3, 0x03, 0x02, 0x01, 0x1d,
};

static void hex(const char *label, const unsigned char *bytes, size_t length)
{
    printf("%s:", label);
    for (size_t i = 0; i < length; i++)
        printf("%02x", bytes[i]);
    printf("\n");
}

static void errors(int all)
{
    unsigned long entry;

    /* Which entries libcrypto's own decoder leaves is not part of the contract, that it leaves one is. */
    if (!all) {
        entry = ERR_peek_error();
        printf("  error of library %d\n", ERR_GET_LIB(entry));
        ERR_clear_error();
        return;
    }
    while ((entry = ERR_get_error()) != 0)
        printf("  error: library %d reason %d %s\n", ERR_GET_LIB(entry),
               ERR_GET_REASON(entry), ERR_reason_error_string(entry));
}

static void written(SSL_SESSION *session)
{
    unsigned char bytes[2048];
    unsigned char *at = bytes;
    unsigned char *made = NULL;
    int length = i2d_SSL_SESSION(session, NULL);

    printf("length: %d\n", length);
    printf("again: %d\n", i2d_SSL_SESSION(session, &at));
    printf("moved: %d\n", (int)(at - bytes));
    hex("bytes", bytes, at - bytes);
    printf("made: %d\n", i2d_SSL_SESSION(session, &made));
    printf("equal: %d\n", memcmp(made, bytes, length) == 0);
    OPENSSL_free(made);
}

static SSL_SESSION *client(void)
{
    const unsigned char *at = CLIENT;
    SSL_SESSION *session = d2i_SSL_SESSION(NULL, &at, sizeof(CLIENT));

    printf("decoded: %d, moved %d\n", session != NULL, (int)(at - CLIENT));
    return session;
}

static void decoded(void)
{
    const unsigned char *ticket, *alpn;
    size_t length;
    SSL_SESSION *session = client();

    printf("cipher: %s\n", SSL_CIPHER_get_name(SSL_SESSION_get0_cipher(session)));
    printf("hostname: %s\n", SSL_SESSION_get0_hostname(session));
    printf("hint: %lu\n", SSL_SESSION_get_ticket_lifetime_hint(session));
    SSL_SESSION_get0_ticket(session, &ticket, &length);
    hex("ticket", ticket, length);
    SSL_SESSION_get0_alpn_selected(session, &alpn, &length);
    hex("alpn", alpn, length);
    printf("early data: %u\n", SSL_SESSION_get_max_early_data(session));
    printf("resumable: %d\n", SSL_SESSION_is_resumable(session));
    written(session);
    SSL_SESSION_free(session);
}

static void copied(void)
{
    SSL_SESSION *session = client();
    SSL_SESSION *copy = SSL_SESSION_dup(session);

    SSL_SESSION_free(session);
    written(copy);
    SSL_SESSION_free(copy);
}

static void reused(void)
{
    SSL_SESSION *session = SSL_SESSION_new();
    SSL_SESSION *same = session;
    SSL_SESSION *none = NULL;
    const unsigned char *at = CLIENT;

    printf("empty: %d\n", i2d_SSL_SESSION(session, NULL));
    printf("filled: %d\n", d2i_SSL_SESSION(&session, &at, sizeof(CLIENT)) == same);
    printf("hostname: %s\n", SSL_SESSION_get0_hostname(session));
    at = CLIENT;
    printf("made: %d\n", d2i_SSL_SESSION(&none, &at, sizeof(CLIENT)) == none && none != NULL);
    SSL_SESSION_free(session);
    SSL_SESSION_free(none);
}

static void refused(const char *what, size_t at, unsigned char byte, size_t length, int all)
{
    unsigned char bytes[sizeof(CLIENT)];
    const unsigned char *start = bytes;

    memcpy(bytes, CLIENT, sizeof(bytes));
    bytes[at] = byte;
    printf("%s: %d", what, d2i_SSL_SESSION(NULL, &start, length) != NULL);
    printf(" %d\n", (int)(start - bytes));
    errors(all);
}

static void pem(void)
{
    SSL_SESSION *session = client();
    SSL_SESSION *read;
    BIO *bio = BIO_new(BIO_s_mem());
    FILE *file = tmpfile();
    char *text;
    long length;

    printf("written: %d\n", PEM_write_bio_SSL_SESSION(bio, session));
    length = BIO_get_mem_data(bio, &text);
    printf("%.*s", (int)length, text);
    read = PEM_read_bio_SSL_SESSION(bio, NULL, NULL, NULL);
    printf("read: %d\n", read != NULL);
    written(read);
    SSL_SESSION_free(read);
    printf("no more: %d\n", PEM_read_bio_SSL_SESSION(bio, NULL, NULL, NULL) != NULL);
    errors(1);
    BIO_free(bio);

    printf("written: %d\n", PEM_write_SSL_SESSION(file, session));
    rewind(file);
    read = PEM_read_SSL_SESSION(file, NULL, NULL, NULL);
    printf("read: %d\n", read != NULL);
    SSL_SESSION_free(read);
    fclose(file);
    SSL_SESSION_free(session);
}

static void printed(void)
{
    SSL_SESSION *session = client();
    SSL_SESSION *empty = SSL_SESSION_new();
    BIO *out = BIO_new_fp(stdout, BIO_NOCLOSE);

    fflush(stdout);
    printf("print_fp: %d\n", SSL_SESSION_print_fp(stdout, session));
    printf("print: %d\n", SSL_SESSION_print(out, session));
    SSL_SESSION_set_protocol_version(session, TLS1_2_VERSION);
    printf("print: %d\n", SSL_SESSION_print(out, session));
    printf("key log: %d\n", SSL_SESSION_print_keylog(out, session));
    SSL_SESSION_set_time(empty, 0);
    SSL_SESSION_set_timeout(empty, 0);
    printf("print empty: %d\n", SSL_SESSION_print(out, empty));
    printf("key log of empty: %d\n", SSL_SESSION_print_keylog(out, empty));
    printf("NULL: %d %d\n", SSL_SESSION_print(out, NULL), SSL_SESSION_print_keylog(out, NULL));
    BIO_free(out);
    SSL_SESSION_free(session);
    SSL_SESSION_free(empty);
}

int main(void)
{
    decoded();
    copied();
    reused();
    refused("layout", 5, 2, sizeof(CLIENT), 1);
    refused("protocol", 8, 1, sizeof(CLIENT), 1);
    refused("suite", 12, 0x55, sizeof(CLIENT), 1);
    refused("tag", 0, 0x31, sizeof(CLIENT), 0);
    refused("length", 2, 0x8b, sizeof(CLIENT), 0);
    refused("cut", 0, 0x30, sizeof(CLIENT) - 1, 0);
    refused("nothing", 0, 0x30, 0, 0);
    pem();
    printed();
    return 0;
}
