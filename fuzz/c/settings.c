/* Every function that sets something, with what the script has for it. */
#include "calls.h"

#include <string.h>

static const int versions[] = { 0, TLS1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION, 0x305, SSL3_VERSION };

/* Lists that mean something, and the script's own. */
static const char *list(void)
{
    static const char *const known[] = {
        "ALL:@SECLEVEL=0", "DEFAULT", "ECDHE-ECDSA-AES128-GCM-SHA256",
        "HIGH:!aNULL:-ECDSA:+CHACHA20", "TLS_AES_128_GCM_SHA256", "X25519:P-256", "P-384",
        "ECDSA+SHA256:RSA-PSS+SHA256", "ed25519:rsa_pss_pss_sha256",
    };
    unsigned which = next_byte() % 12;

    return which < 9 ? known[which] : next_string();
}

void change_connection(SSL *ssl)
{
    size_t size;
    const unsigned char *bytes;
    const char *name;

    switch (next_byte() % 40) {
    case 0:
        SSL_set_mode(ssl, (long)next_short());
        break;
    case 1:
        SSL_clear_mode(ssl, (long)next_short());
        break;
    case 2:
        SSL_set_options(ssl, (unsigned long)next_short() << (next_byte() % 24));
        break;
    case 3:
        SSL_clear_options(ssl, (unsigned long)next_short() << (next_byte() % 24));
        break;
    case 4:
        SSL_set_cipher_list(ssl, list());
        break;
    case 5:
        SSL_set_ciphersuites(ssl, list());
        break;
    case 6:
        SSL_set1_groups_list(ssl, list());
        break;
    case 7:
        SSL_set1_sigalgs_list(ssl, list());
        break;
    case 8:
        SSL_set_min_proto_version(ssl, versions[next_byte() % 6]);
        break;
    case 9:
        SSL_set_max_proto_version(ssl, versions[next_byte() % 6]);
        break;
    case 10:
        bytes = next_bytes(100, &size);
        SSL_set_alpn_protos(ssl, bytes, (unsigned)size);
        break;
    case 11:
        name = next_byte() % 2 ? "localhost" : next_string();
        SSL_set_tlsext_host_name(ssl, name);
        break;
    case 12:
        SSL_set1_host(ssl, next_byte() % 2 ? "localhost" : next_string());
        break;
    case 13:
        SSL_set_verify(ssl, (int)(next_byte() % 8), NULL);
        break;
    case 14:
        SSL_set_read_ahead(ssl, (int)(next_byte() % 2));
        break;
    case 15:
        SSL_set_max_send_fragment(ssl, next_short());
        break;
    case 16:
        SSL_set_split_send_fragment(ssl, next_short());
        break;
    case 17:
        SSL_set_default_read_buffer_len(ssl, next_short());
        break;
    case 18:
        SSL_set_quiet_shutdown(ssl, (int)(next_byte() % 2));
        break;
    case 19:
        SSL_set_shutdown(ssl, (int)(next_byte() % 4));
        break;
    case 20:
        SSL_set_num_tickets(ssl, next_byte() % 8);
        break;
    case 21:
        bytes = next_bytes(40, &size);
        SSL_set_session_id_context(ssl, bytes, (unsigned)size);
        break;
    case 22:
        SSL_alloc_buffers(ssl);
        break;
    case 23:
        SSL_free_buffers(ssl);
        break;
    case 24:
        SSL_use_certificate(ssl, next_byte() % 2 ? the_certificate : another_certificate);
        break;
    case 25:
        SSL_use_PrivateKey(ssl, next_byte() % 2 ? the_key : another_key);
        break;
    case 26:
        SSL_certs_clear(ssl);
        break;
    case 27:
        SSL_renegotiate(ssl);
        break;
    case 28:
        SSL_set_block_padding(ssl, next_short());
        break;
    case 29:
        SSL_set_security_level(ssl, (int)(next_byte() % 7));
        break;
    case 30:
        SSL_set_max_early_data(ssl, next_short());
        break;
    case 31:
        SSL_set_tlsext_status_type(ssl, next_byte() % 2 ? TLSEXT_STATUSTYPE_ocsp : -1);
        break;
    case 32:
        SSL_set_post_handshake_auth(ssl, (int)(next_byte() % 2));
        break;
    case 33:
        SSL_verify_client_post_handshake(ssl);
        break;
    case 34:
        SSL_set_tlsext_max_fragment_length(ssl, (uint8_t)next_byte());
        break;
    case 35:
        SSL_set_verify_depth(ssl, (int)next_byte() - 1);
        break;
    case 36:
        SSL_set_hostflags(ssl, next_byte());
        break;
    case 37:
        SSL_build_cert_chain(ssl, (int)next_byte());
        break;
    case 38:
        SSL_add1_chain_cert(ssl, another_certificate);
        break;
    case 39:
        SSL_renegotiate_abbreviated(ssl);
        break;
    }
}

void change_context(SSL_CTX *ctx)
{
    size_t size;
    const unsigned char *bytes;

    switch (next_byte() % 32) {
    case 0:
        SSL_CTX_set_mode(ctx, (long)next_short());
        break;
    case 1:
        SSL_CTX_clear_mode(ctx, (long)next_short());
        break;
    case 2:
        SSL_CTX_set_options(ctx, (unsigned long)next_short() << (next_byte() % 24));
        break;
    case 3:
        SSL_CTX_set_cipher_list(ctx, list());
        break;
    case 4:
        SSL_CTX_set_ciphersuites(ctx, list());
        break;
    case 5:
        SSL_CTX_set1_groups_list(ctx, list());
        break;
    case 6:
        SSL_CTX_set1_sigalgs_list(ctx, list());
        break;
    case 7:
        SSL_CTX_set_min_proto_version(ctx, versions[next_byte() % 6]);
        break;
    case 8:
        SSL_CTX_set_max_proto_version(ctx, versions[next_byte() % 6]);
        break;
    case 9:
        bytes = next_bytes(100, &size);
        SSL_CTX_set_alpn_protos(ctx, bytes, (unsigned)size);
        break;
    case 10:
        SSL_CTX_set_verify(ctx, (int)(next_byte() % 8), NULL);
        break;
    case 11:
        SSL_CTX_set_session_cache_mode(ctx, (long)next_short() % 0x400);
        break;
    case 12:
        SSL_CTX_sess_set_cache_size(ctx, next_byte());
        break;
    case 13:
        SSL_CTX_set_timeout(ctx, (long)next_short());
        break;
    case 14:
        SSL_CTX_set_num_tickets(ctx, next_byte() % 8);
        break;
    case 15:
        SSL_CTX_set_max_early_data(ctx, next_short());
        break;
    case 16:
        SSL_CTX_use_certificate(ctx, next_byte() % 2 ? the_certificate : another_certificate);
        break;
    case 17:
        SSL_CTX_use_PrivateKey(ctx, next_byte() % 2 ? the_key : another_key);
        break;
    case 18:
        SSL_CTX_add1_chain_cert(ctx, another_certificate);
        break;
    case 19:
        SSL_CTX_clear_chain_certs(ctx);
        break;
    case 20:
        SSL_CTX_set_cert_store(ctx, X509_STORE_new());
        break;
    case 21:
        X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), another_certificate);
        break;
    case 22:
        SSL_CTX_add_client_CA(ctx, next_byte() % 2 ? the_certificate : another_certificate);
        break;
    case 23:
        SSL_CTX_set_client_CA_list(ctx, NULL);
        break;
    case 24:
        SSL_CTX_set_security_level(ctx, (int)(next_byte() % 7));
        break;
    case 25:
        SSL_CTX_set_quiet_shutdown(ctx, (int)(next_byte() % 2));
        break;
    case 26:
        SSL_CTX_set_read_ahead(ctx, (int)(next_byte() % 2));
        break;
    case 27:
        SSL_CTX_set_max_send_fragment(ctx, next_short());
        break;
    case 28:
        bytes = next_bytes(40, &size);
        SSL_CTX_set_session_id_context(ctx, bytes, (unsigned)size);
        break;
    case 29:
        SSL_CTX_load_verify_locations(ctx, "/no/such/file", NULL);
        break;
    case 30:
        bytes = next_bytes(80, &size);
        SSL_CTX_set_tlsext_ticket_keys(ctx, (void *)bytes, (long)size);
        break;
    case 31:
        look_at_context(ctx);
        break;
    }
}

void change_session(SSL_SESSION *session)
{
    size_t size;
    const unsigned char *bytes = next_bytes(60, &size);

    switch (next_byte() % 9) {
    case 0:
        SSL_SESSION_set1_id(session, bytes, (unsigned)size);
        break;
    case 1:
        SSL_SESSION_set1_id_context(session, bytes, (unsigned)size);
        break;
    case 2:
        SSL_SESSION_set1_master_key(session, bytes, size);
        break;
    case 3:
        SSL_SESSION_set1_alpn_selected(session, bytes, size);
        break;
    case 4:
        SSL_SESSION_set1_ticket_appdata(session, bytes, size);
        break;
    case 5:
        SSL_SESSION_set_timeout(session, (long)next_short());
        break;
    case 6:
        SSL_SESSION_set_time(session, (long)next_short());
        break;
    case 7:
        SSL_SESSION_set_protocol_version(session, versions[next_byte() % 6]);
        break;
    case 8:
        SSL_SESSION_set_max_early_data(session, next_short());
        break;
    }
}
