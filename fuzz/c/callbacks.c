/* Every callback there is. Each looks at what it is given, calls back in, and answers as the script says. */
#include "calls.h"

#include <string.h>

#include <openssl/async.h>
#include <openssl/core_names.h>

static volatile unsigned char sink;

static void touch(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    while (size-- > 0)
        sink ^= *at++;
}

/* Calls back in; with a job under way it may also pause. */
static unsigned answer(void)
{
    reenter();
    if (ASYNC_get_current_job() != NULL && next_byte() % 4 == 3)
        ASYNC_pause_job();
    return next_byte();
}

/* One of the given; the first, which goes on, most of the time. */
static int one_of(const int *results, unsigned count)
{
    unsigned which = answer();

    return which < 160 ? results[0] : results[which % count];
}

static void on_info(const SSL *ssl, int where, int value)
{
    touch(SSL_state_string_long(ssl), 1);
    touch(SSL_alert_desc_string_long(value), 1);
    (void)where;
    reenter();
}

static void on_message(int out, int version, int type, const void *bytes, size_t size, SSL *ssl,
                       void *arg)
{
    (void)out, (void)version, (void)type, (void)ssl, (void)arg;
    touch(bytes, size);
    reenter();
}

static int on_verify(int ok, X509_STORE_CTX *store)
{
    static const int results[] = { 1, 0 };
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());

    if (ssl == NULL)
        abort();
    (void)ok;
    return one_of(results, 2);
}

static int on_whole_verify(X509_STORE_CTX *store, void *arg)
{
    static const int results[] = { 1, 0, -1 };

    (void)arg;
    X509_STORE_CTX_set_error(store, (int)(next_byte() % 80));
    return one_of(results, 3);
}

static int on_certificate(SSL *ssl, void *arg)
{
    static const int results[] = { 1, 0, -1 };

    (void)arg;
    if (next_byte() % 4 == 0)
        SSL_certs_clear(ssl);
    if (next_byte() % 4 == 0) {
        SSL_use_certificate(ssl, another_certificate);
        SSL_use_PrivateKey(ssl, another_key);
    }
    return one_of(results, 3);
}

static int on_client_certificate(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    static const int results[] = { 0, 1, -1 };
    int result = one_of(results, 3);

    (void)ssl;
    if (result == 1) {
        X509_up_ref(*certificate = the_certificate);
        EVP_PKEY_up_ref(*key = next_byte() % 2 ? the_key : another_key);
    }
    return result;
}

static int on_password(char *text, int size, int writing, void *arg)
{
    (void)writing, (void)arg;
    memset(text, 'p', (size_t)size);
    return (int)(answer() % (unsigned)size);
}

static int on_name(SSL *ssl, int *alert, void *arg)
{
    static const int results[] = { SSL_TLSEXT_ERR_OK, SSL_TLSEXT_ERR_NOACK,
                                   SSL_TLSEXT_ERR_ALERT_WARNING, SSL_TLSEXT_ERR_ALERT_FATAL };

    (void)arg;
    if (next_byte() % 4 == 0)
        SSL_set_SSL_CTX(ssl, world.ctx[next_byte() % 2]);
    *alert = (int)(next_byte() % 120);
    return one_of(results, 4);
}

static int on_protocols(SSL *ssl, const unsigned char **out, unsigned char *size,
                        const unsigned char *offered, unsigned int offered_size, void *arg)
{
    static const int results[] = { SSL_TLSEXT_ERR_OK, SSL_TLSEXT_ERR_NOACK,
                                   SSL_TLSEXT_ERR_ALERT_FATAL };

    (void)ssl, (void)arg;
    touch(offered, offered_size);
    *out = offered + 1;
    *size = offered[0];
    return one_of(results, 3);
}

static int on_hello(SSL *ssl, int *alert, void *arg)
{
    static const int results[] = { SSL_CLIENT_HELLO_SUCCESS, SSL_CLIENT_HELLO_RETRY,
                                   SSL_CLIENT_HELLO_ERROR };
    const unsigned char *bytes;
    int *extensions;
    size_t count;

    (void)arg;
    touch(bytes, SSL_client_hello_get0_random(ssl, &bytes));
    count = SSL_client_hello_get0_session_id(ssl, &bytes);
    touch(bytes, count);
    count = SSL_client_hello_get0_ciphers(ssl, &bytes);
    touch(bytes, count);
    if (SSL_client_hello_get1_extensions_present(ssl, &extensions, &count) == 1)
        OPENSSL_free(extensions);
    if (SSL_client_hello_get0_ext(ssl, next_byte() % 64, &bytes, &count) == 1)
        touch(bytes, count);
    *alert = (int)(next_byte() % 120);
    return one_of(results, 3);
}

static int on_status(SSL *ssl, void *arg)
{
    static const int results[] = { SSL_TLSEXT_ERR_NOACK, SSL_TLSEXT_ERR_OK,
                                   SSL_TLSEXT_ERR_ALERT_FATAL, 1 };
    unsigned char *response = OPENSSL_malloc(5);

    (void)arg;
    memcpy(response, "\x30\x03\x0a\x01\x06", 5);
    if (SSL_set_tlsext_status_ocsp_resp(ssl, response, 5) != 1)
        OPENSSL_free(response);
    return one_of(results, 4);
}

static void on_key_line(const SSL *ssl, const char *line)
{
    (void)ssl;
    touch(line, strlen(line));
    reenter();
}

static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    unsigned slot = answer();

    (void)ssl;
    if (slot % 4 == 3)
        return 0;
    SSL_SESSION_free(world.session[slot % SLOTS]);
    world.session[slot % SLOTS] = session;
    return 1;
}

static SSL_SESSION *on_get_session(SSL *ssl, const unsigned char *id, int size, int *copy)
{
    (void)ssl;
    touch(id, (size_t)size);
    *copy = 1;
    return world.session[answer() % SLOTS];
}

static void on_removed_session(SSL_CTX *ctx, SSL_SESSION *session)
{
    (void)ctx;
    look_at_session(session);
    reenter();
}

static int on_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                         EVP_MAC_CTX *mac, int is_new)
{
    static const int results[] = { 1, 2, 0, -1 };
    static unsigned char key[32];
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, sizeof(key)),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };

    (void)ssl;
    if (is_new) {
        memset(name, 'n', 16);
        memset(iv, 'i', 16);
    }
    EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv, is_new);
    EVP_MAC_CTX_set_params(mac, parameters);
    return one_of(results, 4);
}

static int on_security(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
                       void *ex)
{
    (void)ssl, (void)ctx, (void)other, (void)ex;
    /* The same answer each time: OpenSSL counts what it may use and then goes through it again. */
    return (op * 31 + bits + nid) % 64 != 63;
}

static int on_early_data(SSL *ssl, void *arg)
{
    (void)ssl, (void)arg;
    return answer() % 2;
}

static size_t on_padding(SSL *ssl, int type, size_t size, void *arg)
{
    (void)ssl, (void)type, (void)arg;
    return answer() % 2 ? next_short() : 16384 - size % 16384;
}

static int on_session_id(SSL *ssl, unsigned char *id, unsigned int *size)
{
    unsigned result = answer();

    (void)ssl;
    memset(id, (int)result, *size);
    *size = 1 + next_byte() % *size;
    return result % 4 != 3;
}

static int on_not_resumable(SSL *ssl, int forward_secure)
{
    (void)ssl, (void)forward_secure;
    return answer() % 2;
}

static int on_async(SSL *ssl, void *arg)
{
    (void)ssl, (void)arg;
    return 1;
}

static int on_ticket_made(SSL *ssl, void *arg)
{
    SSL_SESSION *session = SSL_get_session(ssl);

    (void)arg;
    if (session != NULL)
        SSL_SESSION_set1_ticket_appdata(session, "application", 11);
    return answer() % 16 != 15;
}

static SSL_TICKET_RETURN on_ticket_used(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                        size_t size, SSL_TICKET_STATUS status, void *arg)
{
    void *data;
    size_t data_size;

    (void)ssl, (void)status, (void)arg;
    touch(name, size);
    if (session != NULL && SSL_SESSION_get0_ticket_appdata(session, &data, &data_size) == 1)
        touch(data, data_size);
    return answer() % 5;
}

static long on_transport(BIO *bio, int operation, const char *bytes, size_t size, int argi,
                         long argl, int result, size_t *processed)
{
    (void)bio, (void)bytes, (void)size, (void)argi, (void)argl, (void)processed;
    world.transports++;
    if (operation & BIO_CB_RETURN)
        reenter();
    world.transports--;
    return result;
}

void watch_transport(BIO *bio)
{
    BIO_set_callback_ex(bio, on_transport);
}

void install_on_connection(SSL *ssl, unsigned which)
{
    if (which & 1)
        SSL_set_info_callback(ssl, on_info);
    if (which & 2)
        SSL_set_msg_callback(ssl, on_message);
    if (which & 4)
        SSL_set_verify(ssl, (int)(next_byte() % 8), on_verify);
    if (which & 8)
        SSL_set_cert_cb(ssl, on_certificate, NULL);
    if (which & 16)
        SSL_set_security_callback(ssl, on_security);
    if (which & 32)
        SSL_set_record_padding_callback(ssl, on_padding);
    if (which & 64)
        SSL_set_allow_early_data_cb(ssl, on_early_data, NULL);
    if (which & 128)
        SSL_set_async_callback(ssl, on_async);
}

void install_callbacks(SSL_CTX *ctx, unsigned long which)
{
#define INSTALL(bit, call)                                                                         \
    if (which >> (bit) & 1)                                                                        \
    call
    INSTALL(0, SSL_CTX_set_info_callback(ctx, on_info));
    INSTALL(1, SSL_CTX_set_msg_callback(ctx, on_message));
    INSTALL(2, SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_verify));
    INSTALL(3, SSL_CTX_set_cert_verify_callback(ctx, on_whole_verify, NULL));
    INSTALL(4, SSL_CTX_set_cert_cb(ctx, on_certificate, NULL));
    INSTALL(5, SSL_CTX_set_client_cert_cb(ctx, on_client_certificate));
    INSTALL(6, SSL_CTX_set_default_passwd_cb(ctx, on_password));
    INSTALL(7, SSL_CTX_set_tlsext_servername_callback(ctx, on_name));
    INSTALL(8, SSL_CTX_set_alpn_select_cb(ctx, on_protocols, NULL));
    INSTALL(9, SSL_CTX_set_client_hello_cb(ctx, on_hello, NULL));
    INSTALL(10, SSL_CTX_set_tlsext_status_cb(ctx, on_status));
    INSTALL(10, SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp));
    INSTALL(11, SSL_CTX_set_keylog_callback(ctx, on_key_line));
    INSTALL(12, SSL_CTX_sess_set_new_cb(ctx, on_new_session));
    INSTALL(13, SSL_CTX_sess_set_get_cb(ctx, on_get_session));
    INSTALL(14, SSL_CTX_sess_set_remove_cb(ctx, on_removed_session));
    INSTALL(15, SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket_key));
    INSTALL(16, SSL_CTX_set_security_callback(ctx, on_security));
    INSTALL(17, SSL_CTX_set_allow_early_data_cb(ctx, on_early_data, NULL));
    INSTALL(18, SSL_CTX_set_record_padding_callback(ctx, on_padding));
    INSTALL(19, SSL_CTX_set_generate_session_id(ctx, on_session_id));
    INSTALL(20, SSL_CTX_set_not_resumable_session_callback(ctx, on_not_resumable));
    INSTALL(21, SSL_CTX_set_async_callback(ctx, on_async));
    INSTALL(22, SSL_CTX_set_session_ticket_cb(ctx, on_ticket_made, on_ticket_used, NULL));
    INSTALL(23, SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, NULL));
    INSTALL(24, SSL_CTX_set_mode(ctx, SSL_MODE_ASYNC));
    INSTALL(25, SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS));
    INSTALL(26, SSL_CTX_set_max_early_data(ctx, 16384));
    INSTALL(27, SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION));
    INSTALL(28, SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET));
    INSTALL(29, SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_BOTH));
    INSTALL(30, SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"fuzz", 4));
    INSTALL(31, SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)"\2h2\3foo", 7));
#undef INSTALL
}
