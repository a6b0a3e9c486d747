/* What contexts and connections keep of certificates, keys, chains, names and stores: results, errors,
 * and which pointers come back. */
#include "cert_common.h"

#include <openssl/rsa.h>

static struct identity rsa, rsa_other, ec, ec_other, ed, pss, weak_rsa, weak_digest, root;

static void check(const char *label, long result)
{
    printf("%s: %ld\n", label, result);
    errors();
}

static void certificates_and_keys(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL *ssl;

    printf("- certificates and keys\n");
    check("none", SSL_CTX_check_private_key(ctx));
    check("NULL context", SSL_CTX_check_private_key(NULL));
    check("NULL certificate", SSL_CTX_use_certificate(ctx, NULL));
    check("NULL key", SSL_CTX_use_PrivateKey(ctx, NULL));
    printf("get: %d %d\n", SSL_CTX_get0_certificate(ctx) == NULL, SSL_CTX_get0_privatekey(ctx) == NULL);
    check("certificate", SSL_CTX_use_certificate(ctx, rsa.cert));
    printf("the same: %d\n", SSL_CTX_get0_certificate(ctx) == rsa.cert);
    check("without key", SSL_CTX_check_private_key(ctx));
    check("stranger's key", SSL_CTX_use_PrivateKey(ctx, rsa_other.key));
    printf("no key: %d\n", SSL_CTX_get0_privatekey(ctx) == NULL);
    check("key", SSL_CTX_use_PrivateKey(ctx, rsa.key));
    printf("the same: %d\n", SSL_CTX_get0_privatekey(ctx) == rsa.key);
    check("check", SSL_CTX_check_private_key(ctx));
    check("stranger's key again", SSL_CTX_use_PrivateKey(ctx, rsa_other.key));
    printf("key stays: %d\n", SSL_CTX_get0_privatekey(ctx) == rsa.key);
    check("other certificate", SSL_CTX_use_certificate(ctx, rsa_other.cert));
    printf("key is dropped: %d\n", SSL_CTX_get0_privatekey(ctx) == NULL);
    check("certificate again", SSL_CTX_use_certificate(ctx, rsa.cert));
    check("key again", SSL_CTX_use_PrivateKey(ctx, rsa.key));
    check("another type", SSL_CTX_use_PrivateKey(ctx, ec.key));
    printf("current: %d %d\n", SSL_CTX_get0_certificate(ctx) == NULL,
           SSL_CTX_get0_privatekey(ctx) == ec.key);
    check("check", SSL_CTX_check_private_key(ctx));
    check("not its certificate", SSL_CTX_use_certificate(ctx, ec_other.cert));
    printf("key is dropped: %d\n", SSL_CTX_get0_privatekey(ctx) == NULL);
    check("its certificate", SSL_CTX_use_certificate(ctx, ec.cert));
    check("its key", SSL_CTX_use_PrivateKey(ctx, ec.key));
    check("check", SSL_CTX_check_private_key(ctx));
    check("Ed25519", SSL_CTX_use_certificate(ctx, ed.cert) + SSL_CTX_use_PrivateKey(ctx, ed.key));
    check("RSA-PSS", SSL_CTX_use_certificate(ctx, pss.cert) + SSL_CTX_use_PrivateKey(ctx, pss.key));
    ssl = SSL_new(ctx);
    printf("inherited: %d %d\n", SSL_get_certificate(ssl) == pss.cert, SSL_get_privatekey(ssl) == pss.key);
    check("on a connection", SSL_use_certificate(ssl, rsa_other.cert));
    check("stranger's key", SSL_use_PrivateKey(ssl, rsa.key));
    check("its key", SSL_use_PrivateKey(ssl, rsa_other.key));
    check("check", SSL_check_private_key(ssl));
    check("NULL connection", SSL_check_private_key(NULL));
    printf("context's: %d\n", SSL_CTX_get0_certificate(ctx) == pss.cert);
    SSL_certs_clear(ssl);
    printf("cleared: %d %d\n", SSL_get_certificate(ssl) == NULL, SSL_get_privatekey(ssl) == NULL);
    check("check", SSL_check_private_key(ssl));
    check("set anew", SSL_use_PrivateKey(ssl, ec.key) + SSL_use_certificate(ssl, ec.cert));
    check("check", SSL_check_private_key(ssl));
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static void current(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    X509 *copy = X509_dup(rsa.cert);

    printf("- current\n");
    check("first of none", SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_FIRST));
    use(ctx, &rsa);
    use(ctx, &ec);
    use(ctx, &ed);
    check("select", SSL_CTX_select_current_cert(ctx, ec.cert));
    printf("%s\n", name_of(SSL_CTX_get0_certificate(ctx)));
    check("select a copy", SSL_CTX_select_current_cert(ctx, copy));
    printf("%s\n", name_of(SSL_CTX_get0_certificate(ctx)));
    check("select a stranger", SSL_CTX_select_current_cert(ctx, rsa_other.cert));
    check("select none", SSL_CTX_select_current_cert(ctx, NULL));
    for (long op = SSL_CERT_SET_FIRST; SSL_CTX_set_current_cert(ctx, op) == 1; op = SSL_CERT_SET_NEXT)
        printf("next: %s\n", name_of(SSL_CTX_get0_certificate(ctx)));
    check("server", SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_SERVER));
    check("nonsense", SSL_CTX_set_current_cert(ctx, 77));
    printf("still: %s\n", name_of(SSL_CTX_get0_certificate(ctx)));
    X509_free(copy);
    SSL_CTX_free(ctx);
}

static void levels(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    STACK_OF(X509) *chain = sk_X509_new_null();

    printf("- levels\n");
    check("weak key", SSL_CTX_use_certificate(ctx, weak_rsa.cert));
    check("weak digest", SSL_CTX_use_certificate(ctx, weak_digest.cert));
    use(ctx, &rsa);
    check("weak key in the chain", SSL_CTX_add1_chain_cert(ctx, weak_rsa.cert));
    check("weak digest in the chain", SSL_CTX_add1_chain_cert(ctx, weak_digest.cert));
    check("extra", SSL_CTX_add_extra_chain_cert(ctx, X509_dup(weak_digest.cert)));
    sk_X509_push(chain, root.cert);
    sk_X509_push(chain, weak_rsa.cert);
    check("a chain with it", SSL_CTX_set1_chain(ctx, chain));
    check("pair", SSL_CTX_use_cert_and_key(ctx, rsa.cert, rsa.key, chain, 1));
    check("weak pair", SSL_CTX_use_cert_and_key(ctx, weak_rsa.cert, weak_rsa.key, NULL, 1));
    SSL_CTX_set_security_level(ctx, 0);
    check("level 0", SSL_CTX_use_certificate(ctx, weak_rsa.cert));
    check("level 0", SSL_CTX_use_certificate(ctx, weak_digest.cert));
    check("a chain with it", SSL_CTX_set1_chain(ctx, chain));
    SSL_CTX_set_security_level(ctx, 5);
    check("level 5", SSL_CTX_use_certificate(ctx, ec.cert));
    sk_X509_free(chain);
    SSL_CTX_free(ctx);
}

static int judge(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other, void *ex)
{
    if ((op & SSL_SECOP_OTHER_TYPE) != SSL_SECOP_OTHER_CERT)
        return 1;
    printf(" asked: ssl %d ctx %d op %x bits %d nid %d other %s ex %s\n", ssl != NULL, ctx != NULL, op,
           bits, nid, name_of(other), (const char *)ex);
    return bits != 128;
}

static void security_callback(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL *ssl;

    printf("- security callback\n");
    SSL_CTX_set_security_callback(ctx, judge);
    SSL_CTX_set0_security_ex_data(ctx, "data");
    check("RSA", SSL_CTX_use_certificate(ctx, rsa.cert));
    check("EC", SSL_CTX_use_certificate(ctx, ec.cert));
    check("chain", SSL_CTX_add1_chain_cert(ctx, weak_digest.cert));
    ssl = SSL_new(ctx);
    check("connection", SSL_use_certificate(ssl, rsa.cert));
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static void pairs(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    STACK_OF(X509) *chain = sk_X509_new_null(), *got = NULL;
    SSL *ssl;

    printf("- certificate and key at once\n");
    sk_X509_push(chain, root.cert);
    check("mismatch", SSL_CTX_use_cert_and_key(ctx, rsa.cert, rsa_other.key, NULL, 0));
    check("wrong type", SSL_CTX_use_cert_and_key(ctx, rsa.cert, ec.key, NULL, 0));
    check("new", SSL_CTX_use_cert_and_key(ctx, rsa.cert, rsa.key, chain, 0));
    SSL_CTX_get0_chain_certs(ctx, &got);
    print_chain("chain", got);
    printf("a list of its own: %d\n", got != chain);
    check("not replaced", SSL_CTX_use_cert_and_key(ctx, rsa_other.cert, rsa_other.key, NULL, 0));
    check("another place", SSL_CTX_use_cert_and_key(ctx, ec.cert, ec.key, NULL, 0));
    check("replaced", SSL_CTX_use_cert_and_key(ctx, rsa_other.cert, rsa_other.key, NULL, 1));
    SSL_CTX_get0_chain_certs(ctx, &got);
    print_chain("chain", got);
    check("without key", SSL_CTX_use_cert_and_key(ctx, ec_other.cert, NULL, NULL, 1));
    printf("its own: %d\n", EVP_PKEY_eq(SSL_CTX_get0_privatekey(ctx), ec_other.key));
    ssl = SSL_new(ctx);
    check("connection", SSL_use_cert_and_key(ssl, ed.cert, ed.key, chain, 0));
    check("check", SSL_check_private_key(ssl));
    SSL_free(ssl);
    sk_X509_free(chain);
    SSL_CTX_free(ctx);
}

static void chains(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    STACK_OF(X509) *got = NULL, *again = NULL, *list = sk_X509_new_null();
    SSL *ssl;

    printf("- chains\n");
    check("before any certificate", SSL_CTX_add1_chain_cert(ctx, root.cert));
    check("get", SSL_CTX_get0_chain_certs(ctx, &got));
    print_chain("chain", got);
    check("add to it", SSL_CTX_add1_chain_cert(ctx, ec_other.cert));
    SSL_CTX_get0_chain_certs(ctx, &again);
    print_chain("chain", got);
    printf("same list: %d\n", got == again);
    use(ctx, &ec);
    SSL_CTX_get0_chain_certs(ctx, &again);
    print_chain("another place", again);
    use(ctx, &rsa);
    SSL_CTX_get0_chain_certs(ctx, &again);
    printf("same list: %d\n", got == again);
    ssl = SSL_new(ctx);
    SSL_get0_chain_certs(ssl, &again);
    print_chain("inherited", again);
    check("add to the connection's", SSL_add1_chain_cert(ssl, rsa_other.cert));
    SSL_get0_chain_certs(ssl, &again);
    print_chain("connection", again);
    print_chain("context", got);
    check("add to the context's", SSL_CTX_add1_chain_cert(ctx, ed.cert));
    print_chain("connection", again);
    SSL_CTX_get0_chain_certs(ctx, &got);
    print_chain("context", got);
    check("clear", SSL_CTX_clear_chain_certs(ctx));
    SSL_CTX_get0_chain_certs(ctx, &got);
    print_chain("context", got);
    print_chain("connection", again);
    X509_up_ref(root.cert);
    sk_X509_push(list, root.cert);
    check("set0", SSL_CTX_set0_chain(ctx, list));
    SSL_CTX_get0_chain_certs(ctx, &got);
    printf("same list: %d\n", got == list);
    X509_up_ref(ec_other.cert);
    check("add0", SSL_CTX_add0_chain_cert(ctx, ec_other.cert));
    print_chain("context", got);
    check("set1", SSL_CTX_set1_chain(ctx, got));
    SSL_CTX_get0_chain_certs(ctx, &again);
    print_chain("context", again);
    check("set1 on the connection", SSL_set1_chain(ssl, NULL));
    SSL_get0_chain_certs(ssl, &again);
    print_chain("connection", again);
    printf("- extra certificates\n");
    SSL_CTX_get_extra_chain_certs(ctx, &got);
    print_chain("instead", got);
    SSL_CTX_get_extra_chain_certs_only(ctx, &got);
    print_chain("only", got);
    check("add", SSL_CTX_add_extra_chain_cert(ctx, X509_dup(root.cert)));
    SSL_CTX_get_extra_chain_certs(ctx, &got);
    print_chain("extra", got);
    check("add", SSL_CTX_add_extra_chain_cert(ctx, X509_dup(ec.cert)));
    print_chain("in place", got);
    check("clear", SSL_CTX_clear_extra_chain_certs(ctx));
    SSL_CTX_get_extra_chain_certs_only(ctx, &got);
    print_chain("only", got);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static void names(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    STACK_OF(X509_NAME) *list = sk_X509_NAME_new_null(), *copy;
    SSL *ssl;

    printf("- names\n");
    printf("none: %d %d\n", SSL_CTX_get_client_CA_list(ctx) == NULL, SSL_CTX_get0_CA_list(ctx) == NULL);
    check("add", SSL_CTX_add_client_CA(ctx, root.cert));
    check("add none", SSL_CTX_add_client_CA(ctx, NULL));
    print_names("names", SSL_CTX_get_client_CA_list(ctx));
    ssl = SSL_new(ctx);
    printf("the context's: %d\n", SSL_get_client_CA_list(ssl) == SSL_CTX_get_client_CA_list(ctx));
    check("add later", SSL_CTX_add_client_CA(ctx, ec.cert));
    print_names("connection", SSL_get_client_CA_list(ssl));
    check("add to the connection", SSL_add_client_CA(ssl, rsa.cert));
    print_names("connection", SSL_get_client_CA_list(ssl));
    print_names("context", SSL_CTX_get_client_CA_list(ctx));
    SSL_set_client_CA_list(ssl, NULL);
    print_names("connection", SSL_get_client_CA_list(ssl));
    SSL_set_connect_state(ssl);
    print_names("client", SSL_get_client_CA_list(ssl));
    SSL_set_accept_state(ssl);
    check("common", SSL_CTX_add1_to_CA_list(ctx, ed.cert));
    check("common, connection", SSL_add1_to_CA_list(ssl, pss.cert));
    print_names("context", SSL_CTX_get0_CA_list(ctx));
    print_names("connection", SSL_get0_CA_list(ssl));
    sk_X509_NAME_push(list, X509_NAME_dup(X509_get_subject_name(rsa.cert)));
    copy = SSL_dup_CA_list(list);
    SSL_CTX_set0_CA_list(ctx, list);
    printf("the list itself: %d\n", SSL_CTX_get0_CA_list(ctx) == list);
    SSL_CTX_set_client_CA_list(ctx, copy);
    printf("the list itself: %d\n", SSL_CTX_get_client_CA_list(ctx) == copy);
    copy = SSL_dup_CA_list(NULL);
    printf("copy of nothing: %d\n", copy != NULL ? sk_X509_NAME_num(copy) : -1);
    sk_X509_NAME_free(copy);
    print_names("peer's", SSL_get0_peer_CA_list(ssl));
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static void stores(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    X509_STORE *own = X509_STORE_new(), *got = NULL;
    SSL *ssl;

    printf("- stores\n");
    SSL_CTX_set1_cert_store(ctx, own);
    printf("set1: %d\n", SSL_CTX_get_cert_store(ctx) == own);
    SSL_CTX_set_cert_store(ctx, own);
    printf("set: %d\n", SSL_CTX_get_cert_store(ctx) == own);
    own = X509_STORE_new();
    check("verify, get", SSL_CTX_get0_verify_cert_store(ctx, &got));
    printf("none: %d\n", got == NULL);
    check("verify", SSL_CTX_set1_verify_cert_store(ctx, own));
    check("chain", SSL_CTX_set0_chain_cert_store(ctx, own));
    SSL_CTX_get0_verify_cert_store(ctx, &got);
    printf("the same: %d\n", got == own);
    SSL_CTX_get0_chain_cert_store(ctx, &got);
    printf("the same: %d\n", got == own);
    ssl = SSL_new(ctx);
    SSL_get0_verify_cert_store(ssl, &got);
    printf("inherited: %d\n", got == own);
    check("none", SSL_set1_verify_cert_store(ssl, NULL));
    SSL_get0_verify_cert_store(ssl, &got);
    printf("none: %d\n", got == NULL);
    check("defaults", SSL_CTX_set_default_verify_paths(ctx));
    check("default folder", SSL_CTX_set_default_verify_dir(ctx));
    check("default file", SSL_CTX_set_default_verify_file(ctx));
    check("default store", SSL_CTX_set_default_verify_store(ctx));
    check("no locations", SSL_CTX_load_verify_locations(ctx, NULL, NULL));
    check("no file", SSL_CTX_load_verify_file(ctx, NULL));
    check("no folder", SSL_CTX_load_verify_dir(ctx, NULL));
    check("no store", SSL_CTX_load_verify_store(ctx, NULL));
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static int verify_callback(int ok, X509_STORE_CTX *ctx)
{
    (void)ctx;
    return ok;
}

static void verification(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    X509_VERIFY_PARAM *param = X509_VERIFY_PARAM_new();
    SSL *ssl;

    printf("- verification\n");
    printf("mode %d depth %d callback %d\n", SSL_CTX_get_verify_mode(ctx), SSL_CTX_get_verify_depth(ctx),
           SSL_CTX_get_verify_callback(ctx) != NULL);
    SSL_CTX_set_verify(ctx, 0x25, verify_callback);
    SSL_CTX_set_verify_depth(ctx, 7);
    printf("mode %d depth %d callback %d\n", SSL_CTX_get_verify_mode(ctx), SSL_CTX_get_verify_depth(ctx),
           SSL_CTX_get_verify_callback(ctx) == verify_callback);
    ssl = SSL_new(ctx);
    printf("mode %d depth %d callback %d\n", SSL_get_verify_mode(ssl), SSL_get_verify_depth(ssl),
           SSL_get_verify_callback(ssl) == verify_callback);
    SSL_set_verify(ssl, 1, NULL);
    SSL_set_verify_depth(ssl, -3);
    SSL_CTX_set_verify(ctx, 2, NULL);
    printf("mode %d depth %d callback %d\n", SSL_get_verify_mode(ssl), SSL_get_verify_depth(ssl),
           SSL_get_verify_callback(ssl) == verify_callback);
    printf("mode %d callback %d\n", SSL_CTX_get_verify_mode(ctx), SSL_CTX_get_verify_callback(ctx) != NULL);
    printf("result %ld\n", SSL_get_verify_result(ssl));
    SSL_set_verify_result(ssl, 42);
    printf("result %ld\n", SSL_get_verify_result(ssl));
    SSL_clear(ssl);
    printf("result %ld\n", SSL_get_verify_result(ssl));
    X509_VERIFY_PARAM_set_depth(param, 9);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    check("set1_param", SSL_CTX_set1_param(ctx, param));
    printf("flags %lx depth %d\n", X509_VERIFY_PARAM_get_flags(SSL_CTX_get0_param(ctx)),
           SSL_CTX_get_verify_depth(ctx));
    check("set1_param", SSL_set1_param(ssl, param));
    X509_VERIFY_PARAM_set_depth(SSL_get0_param(ssl), 4);
    printf("flags %lx depth %d\n", X509_VERIFY_PARAM_get_flags(SSL_get0_param(ssl)),
           SSL_get_verify_depth(ssl));
    check("purpose", SSL_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT));
    check("no purpose", SSL_CTX_set_purpose(ctx, 99));
    check("purpose", SSL_set_purpose(ssl, X509_PURPOSE_ANY));
    check("trust", SSL_CTX_set_trust(ctx, X509_TRUST_SSL_SERVER));
    check("no trust", SSL_CTX_set_trust(ctx, 99));
    check("trust", SSL_set_trust(ssl, X509_TRUST_SSL_CLIENT));
    check("host", SSL_set1_host(ssl, "one.example"));
    check("host", SSL_add1_host(ssl, "two.example"));
    printf("hosts: %s %s %d\n", X509_VERIFY_PARAM_get0_host(SSL_get0_param(ssl), 0),
           X509_VERIFY_PARAM_get0_host(SSL_get0_param(ssl), 1),
           X509_VERIFY_PARAM_get0_host(SSL_get0_param(ssl), 2) == NULL);
    check("address", SSL_add1_host(ssl, "192.0.2.1"));
    check("second address", SSL_add1_host(ssl, "::1"));
    check("address", SSL_set1_host(ssl, "::1"));
    check("empty", SSL_set1_host(ssl, ""));
    check("none", SSL_set1_host(ssl, NULL));
    printf("hosts: %d\n", X509_VERIFY_PARAM_get0_host(SSL_get0_param(ssl), 0) == NULL);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_WILDCARDS);
    printf("host flags %x\n", X509_VERIFY_PARAM_get_hostflags(SSL_get0_param(ssl)));
    printf("name: %d\n", SSL_get0_peername(ssl) == NULL);
    printf("peer: %d %d %d\n", SSL_get0_peer_certificate(ssl) == NULL,
           SSL_get_peer_cert_chain(ssl) == NULL, SSL_get0_verified_chain(ssl) == NULL);
    X509_VERIFY_PARAM_free(param);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static int password(char *to, int size, int writing, void *arg)
{
    (void)to, (void)size, (void)writing, (void)arg;
    return 0;
}

static void der(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL *ssl = SSL_new(ctx);
    unsigned char *cert = NULL, *key = NULL, *ec_key = NULL;
    int cert_len = i2d_X509(rsa.cert, &cert), key_len = i2d_PrivateKey(rsa.key, &key);
    int ec_len = i2d_PrivateKey(ec.key, &ec_key);
    RSA *raw = EVP_PKEY_get1_RSA(rsa.key);

    printf("- DER\n");
    check("certificate", SSL_CTX_use_certificate_ASN1(ctx, cert_len, cert));
    check("cut short", SSL_CTX_use_certificate_ASN1(ctx, cert_len - 1, cert));
    check("certificate", SSL_use_certificate_ASN1(ssl, cert, cert_len));
    check("key", SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_RSA, ctx, key, key_len));
    check("key", SSL_use_PrivateKey_ASN1(EVP_PKEY_RSA, ssl, key, key_len));
    check("cut short", SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_RSA, ctx, key, key_len - 1));
    check("EC key", SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_EC, ctx, ec_key, ec_len));
    check("RSA key", SSL_CTX_use_RSAPrivateKey_ASN1(ctx, key, key_len));
    check("RSA key", SSL_use_RSAPrivateKey_ASN1(ssl, key, key_len));
    check("no RSA key", SSL_CTX_use_RSAPrivateKey_ASN1(ctx, ec_key, ec_len));
    check("RSA", SSL_CTX_use_RSAPrivateKey(ctx, raw));
    check("RSA", SSL_use_RSAPrivateKey(ssl, raw));
    check("no RSA", SSL_CTX_use_RSAPrivateKey(ctx, NULL));
    check("check", SSL_CTX_check_private_key(ctx));
    check("check", SSL_check_private_key(ssl));
    printf("- password callbacks\n");
    printf("none: %d %d\n", SSL_CTX_get_default_passwd_cb(ctx) == NULL,
           SSL_CTX_get_default_passwd_cb_userdata(ctx) == NULL);
    SSL_CTX_set_default_passwd_cb(ctx, password);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, ctx);
    SSL_set_default_passwd_cb_userdata(ssl, ssl);
    printf("set: %d %d\n", SSL_CTX_get_default_passwd_cb(ctx) == password,
           SSL_CTX_get_default_passwd_cb_userdata(ctx) == ctx);
    printf("connection: %d %d\n", SSL_get_default_passwd_cb(ssl) == NULL,
           SSL_get_default_passwd_cb_userdata(ssl) == ssl);
    SSL_free(ssl);
    ssl = SSL_new(ctx);
    printf("inherited: %d %d\n", SSL_get_default_passwd_cb(ssl) == password,
           SSL_get_default_passwd_cb_userdata(ssl) == ctx);
    OPENSSL_free(cert);
    OPENSSL_free(key);
    OPENSSL_free(ec_key);
    RSA_free(raw);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

int main(void)
{
    root = make((struct wish){"P-256", "root", 1}, NULL);
    rsa = make((struct wish){"RSA", "rsa"}, &root);
    rsa_other = make((struct wish){"RSA", "rsa-other"}, &root);
    ec = make((struct wish){"P-256", "ec"}, &root);
    ec_other = make((struct wish){"P-256", "ec-other"}, &root);
    ed = make((struct wish){"ED25519", "ed"}, &root);
    pss = make((struct wish){"RSA-PSS", "pss"}, &root);
    weak_rsa = make((struct wish){"RSA1024", "weak-rsa"}, &root);
    weak_digest = make((struct wish){"RSA", "weak-digest", .digest = EVP_sha1()}, &root);
    certificates_and_keys();
    current();
    levels();
    security_callback();
    pairs();
    chains();
    names();
    stores();
    verification();
    der();
    return 0;
}
