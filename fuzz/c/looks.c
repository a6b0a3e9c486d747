/* Every function that only looks. What it lends is read to its end. */
#include "calls.h"

#include <string.h>

static volatile unsigned char sink;

static void touch(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    while (size-- > 0)
        sink ^= *at++;
}

static void text(const char *string)
{
    if (string != NULL)
        touch(string, strlen(string));
}

static void ciphers(const STACK_OF(SSL_CIPHER) *list)
{
    char description[128];
    int i, bits;

    for (i = 0; i < sk_SSL_CIPHER_num(list); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(list, i);

        text(SSL_CIPHER_get_name(cipher));
        text(SSL_CIPHER_standard_name(cipher));
        text(SSL_CIPHER_get_version(cipher));
        text(SSL_CIPHER_description(cipher, description, sizeof(description)));
        SSL_CIPHER_get_bits(cipher, &bits);
        SSL_CIPHER_get_handshake_digest(cipher);
        SSL_CIPHER_get_kx_nid(cipher);
        SSL_CIPHER_get_auth_nid(cipher);
        SSL_CIPHER_get_cipher_nid(cipher);
        SSL_CIPHER_get_digest_nid(cipher);
    }
}

static void certificates(const STACK_OF(X509) *list)
{
    int i;

    for (i = 0; i < sk_X509_num(list); i++)
        X509_get_subject_name(sk_X509_value(list, i));
}

static void names(const STACK_OF(X509_NAME) *list)
{
    int i;

    for (i = 0; i < sk_X509_NAME_num(list); i++)
        X509_NAME_entry_count(sk_X509_NAME_value(list, i));
}

static void look_at_state(SSL *ssl)
{
    text(SSL_state_string(ssl));
    text(SSL_state_string_long(ssl));
    text(SSL_rstate_string(ssl));
    text(SSL_rstate_string_long(ssl));
    text(SSL_get_version(ssl));
    SSL_get_state(ssl);
    SSL_in_init(ssl);
    SSL_in_before(ssl);
    SSL_is_init_finished(ssl);
    SSL_is_server(ssl);
    SSL_version(ssl);
    SSL_client_version(ssl);
    SSL_want(ssl);
    SSL_pending(ssl);
    SSL_has_pending(ssl);
    SSL_get_shutdown(ssl);
    SSL_get_quiet_shutdown(ssl);
    SSL_get_options(ssl);
    SSL_get_mode(ssl);
    SSL_get_verify_mode(ssl);
    SSL_get_verify_depth(ssl);
    SSL_get_verify_callback(ssl);
    SSL_get_verify_result(ssl);
    SSL_get_info_callback(ssl);
    SSL_get_fd(ssl);
    SSL_get_rbio(ssl);
    SSL_get_wbio(ssl);
    SSL_get_SSL_CTX(ssl);
    SSL_get_ssl_method(ssl);
    SSL_get_read_ahead(ssl);
    SSL_get_num_tickets(ssl);
    SSL_get_max_early_data(ssl);
    SSL_get_recv_max_early_data(ssl);
    SSL_get_early_data_status(ssl);
    SSL_get_key_update_type(ssl);
    SSL_get_security_level(ssl);
    SSL_session_reused(ssl);
    SSL_waiting_for_async(ssl);
    SSL_renegotiate_pending(ssl);
    SSL_get_default_timeout(ssl);
    SSL_get_secure_renegotiation_support(ssl);
    SSL_get_extms_support(ssl);
}

static void look_at_peer(SSL *ssl)
{
    unsigned char bytes[128];
    const unsigned char *lent;
    const unsigned char *response = NULL;
    char list[100];
    unsigned int size;
    int nid;
    X509 *peer = SSL_get1_peer_certificate(ssl);
    EVP_PKEY *key = NULL;
    long response_size;

    X509_free(peer);
    certificates(SSL_get_peer_cert_chain(ssl));
    certificates(SSL_get0_verified_chain(ssl));
    names(SSL_get0_peer_CA_list(ssl));
    names(SSL_get_client_CA_list(ssl));
    text(SSL_get0_peername(ssl));
    text(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
    SSL_get_servername_type(ssl);
    touch(bytes, SSL_get_client_random(ssl, bytes, sizeof(bytes)));
    touch(bytes, SSL_get_server_random(ssl, bytes, sizeof(bytes)));
    touch(bytes, SSL_get_finished(ssl, bytes, 12));
    touch(bytes, SSL_get_peer_finished(ssl, bytes, 12));
    SSL_get0_alpn_selected(ssl, &lent, &size);
    touch(lent, size);
    response_size = SSL_get_tlsext_status_ocsp_resp(ssl, &response);
    if (response != NULL && response_size > 0)
        touch(response, (size_t)response_size);
    text(SSL_get_shared_ciphers(ssl, list, sizeof(list)));
    SSL_get_sigalgs(ssl, (int)next_byte() - 1, NULL, NULL, &nid, bytes, bytes);
    SSL_get_shared_sigalgs(ssl, (int)next_byte() - 1, NULL, NULL, &nid, bytes, bytes);
    SSL_get_signature_nid(ssl, &nid);
    SSL_get_peer_signature_nid(ssl, &nid);
    SSL_get_shared_group(ssl, (int)next_byte() - 2);
    if (SSL_get_peer_tmp_key(ssl, &key))
        EVP_PKEY_free(key);
    if (SSL_export_keying_material(ssl, bytes, sizeof(bytes), "label", 5, bytes, 10, 1) == 1)
        touch(bytes, sizeof(bytes));
}

static void look_at_lists(SSL *ssl)
{
    STACK_OF(SSL_CIPHER) *supported = SSL_get1_supported_ciphers(ssl);

    ciphers(supported);
    sk_SSL_CIPHER_free(supported);
    ciphers(SSL_get_ciphers(ssl));
    ciphers(SSL_get_client_ciphers(ssl));
    text(SSL_get_cipher_list(ssl, (int)next_byte() - 1));
    text(SSL_get_cipher_name(ssl));
    SSL_get_pending_cipher(ssl);
    certificates(NULL);
    SSL_get_certificate(ssl);
    SSL_get_privatekey(ssl);
    SSL_get0_param(ssl);
    SSL_check_private_key(ssl);
    SSL_get_session(ssl);
    SSL_get_current_compression(ssl);
    SSL_get_srtp_profiles(ssl);
    SSL_get_psk_identity(ssl);
}

void look_at_connection(SSL *ssl)
{
    OSSL_ASYNC_FD fds[16];
    size_t count = 0, removed = 0;

    switch (next_byte() % 4) {
    case 0:
        look_at_state(ssl);
        break;
    case 1:
        look_at_peer(ssl);
        break;
    case 2:
        look_at_lists(ssl);
        break;
    case 3:
        SSL_get_all_async_fds(ssl, NULL, &count);
        if (count <= 16)
            SSL_get_all_async_fds(ssl, fds, &count);
        SSL_get_changed_async_fds(ssl, NULL, &count, NULL, &removed);
        break;
    }
}

void look_at_context(SSL_CTX *ctx)
{
    ciphers(SSL_CTX_get_ciphers(ctx));
    names(SSL_CTX_get_client_CA_list(ctx));
    SSL_CTX_get_cert_store(ctx);
    SSL_CTX_get0_certificate(ctx);
    SSL_CTX_get0_privatekey(ctx);
    SSL_CTX_get0_param(ctx);
    SSL_CTX_get_options(ctx);
    SSL_CTX_get_mode(ctx);
    SSL_CTX_get_timeout(ctx);
    SSL_CTX_get_verify_mode(ctx);
    SSL_CTX_get_verify_depth(ctx);
    SSL_CTX_get_num_tickets(ctx);
    SSL_CTX_get_security_level(ctx);
    SSL_CTX_get_quiet_shutdown(ctx);
    SSL_CTX_sess_number(ctx);
    SSL_CTX_sess_hits(ctx);
    SSL_CTX_sess_misses(ctx);
    SSL_CTX_sess_accept(ctx);
    SSL_CTX_sess_connect_good(ctx);
    SSL_CTX_sess_get_cache_size(ctx);
    SSL_CTX_get_session_cache_mode(ctx);
    SSL_CTX_check_private_key(ctx);
}

void look_at_session(SSL_SESSION *session)
{
    unsigned char key[64];
    const unsigned char *bytes;
    void *data;
    unsigned int length;
    size_t size;

    bytes = SSL_SESSION_get_id(session, &length);
    touch(bytes, length);
    bytes = SSL_SESSION_get0_id_context(session, &length);
    touch(bytes, length);
    SSL_SESSION_get0_ticket(session, &bytes, &size);
    if (bytes != NULL)
        touch(bytes, size);
    SSL_SESSION_get0_alpn_selected(session, &bytes, &size);
    if (bytes != NULL)
        touch(bytes, size);
    if (SSL_SESSION_get0_ticket_appdata(session, &data, &size) == 1 && data != NULL)
        touch(data, size);
    touch(key, SSL_SESSION_get_master_key(session, key, sizeof(key)));
    text(SSL_SESSION_get0_hostname(session));
    SSL_SESSION_get0_cipher(session);
    SSL_SESSION_get0_peer(session);
    SSL_SESSION_get_time(session);
    SSL_SESSION_get_timeout(session);
    SSL_SESSION_has_ticket(session);
    SSL_SESSION_is_resumable(session);
    SSL_SESSION_get_ticket_lifetime_hint(session);
    SSL_SESSION_get_max_early_data(session);
    SSL_SESSION_get_max_fragment_length(session);
    SSL_SESSION_get_protocol_version(session);
    SSL_SESSION_get_compress_id(session);
}
