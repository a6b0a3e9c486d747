/* SSL_CONF_cmd and the sections of openssl.cnf. */
#include "common_suites.h"
#include "self_signed.h"

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void errors(void)
{
    unsigned long entry;
    const char *data;
    int flags;

    while ((entry = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0)
        if (ERR_GET_LIB(entry) == ERR_LIB_SSL)
            printf("  error: reason %d '%s'\n", ERR_GET_REASON(entry), flags & ERR_TXT_STRING ? data : "");
}

static char folder[] = P_tmpdir "/conf.XXXXXX", config[64], cert_file[64], key_file[64], both_file[64], dh_file[64];

static void write_files(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256"), *dh = NULL;
    EVP_PKEY_CTX *gen = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
    X509 *cert = self_signed(key);
    FILE *file;
    OSSL_PARAM params[] = { OSSL_PARAM_utf8_string("group", "ffdhe2048", 0), OSSL_PARAM_END };

    if (mkdtemp(folder) == NULL)
        exit(1);
    snprintf(config, sizeof(config), "%s/openssl.cnf", folder);
    snprintf(cert_file, sizeof(cert_file), "%s/cert", folder);
    snprintf(key_file, sizeof(key_file), "%s/key", folder);
    snprintf(both_file, sizeof(both_file), "%s/both", folder);
    snprintf(dh_file, sizeof(dh_file), "%s/dh", folder);
    file = fopen(cert_file, "w");
    PEM_write_X509(file, cert);
    fclose(file);
    file = fopen(key_file, "w");
    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    file = fopen(both_file, "w");
    PEM_write_X509(file, cert);
    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    EVP_PKEY_paramgen_init(gen);
    EVP_PKEY_CTX_set_params(gen, params);
    EVP_PKEY_paramgen(gen, &dh);
    file = fopen(dh_file, "w");
    {
        BIO *bio = BIO_new_fp(file, BIO_NOCLOSE);

        PEM_write_bio_Parameters(bio, dh);
        BIO_free(bio);
    }
    fclose(file);
    EVP_PKEY_free(dh);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(gen);
    X509_free(cert);
}

static void write_config(const char *text)
{
    FILE *file = fopen(config, "w");

    fputs(text, file);
    fclose(file);
}

static void remove_files(void)
{
    unlink(config);
    unlink(cert_file);
    unlink(key_file);
    unlink(both_file);
    unlink(dh_file);
    rmdir(folder);
}

static void context(SSL_CTX *ctx)
{
    STACK_OF(SSL_CIPHER) *sk = SSL_CTX_get_ciphers(ctx);
    int common = 0;

    for (int i = 0; i < sk_SSL_CIPHER_num(sk); i++)
        common += is_common(sk_SSL_CIPHER_value(sk, i));
    printf("  options %llx, versions %lx %lx, verify %d, level %d, flags %lx, tickets %zu, suites %d\n",
           (unsigned long long)SSL_CTX_get_options(ctx), SSL_CTX_get_min_proto_version(ctx),
           SSL_CTX_get_max_proto_version(ctx), SSL_CTX_get_verify_mode(ctx), SSL_CTX_get_security_level(ctx),
           SSL_CTX_clear_cert_flags(ctx, 0), SSL_CTX_get_num_tickets(ctx), common);
    printf("  certificate %d, key %d, names %d\n", SSL_CTX_get0_certificate(ctx) != NULL,
           SSL_CTX_get0_privatekey(ctx) != NULL, sk_X509_NAME_num(SSL_CTX_get0_CA_list(ctx)));
}

static void commands(unsigned flags)
{
    static const struct {
        const char *name, *value;
    } list[] = {
        { "CipherString", "ECDHE-RSA-AES128-GCM-SHA256" }, { "cipherstring", "DEFAULT:@SECLEVEL=1" }, { "CipherString", "FOO" },
        { "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256" }, { "cipher", "DEFAULT" }, { "-CipherString", "DEFAULT" },
        { "Ciphersuites", "TLS_AES_128_GCM_SHA256" }, { "Ciphersuites", "FOO" }, { "-ciphersuites", "TLS_AES_256_GCM_SHA384" },
        { "Protocol", "-TLSv1.3" }, { "Protocol", "ALL,-SSLv3 , -TLSv1" }, { "Protocol", "TLSv1.4" }, { "Protocol", "" },
        { "Protocol", "-ALL,+TLSv1.2,TLSv1.3" }, { "MinProtocol", "TLSv1.2" }, { "MinProtocol", "TLSv1.1" },
        { "MinProtocol", "DTLSv1.2" }, { "MinProtocol", "None" }, { "MinProtocol", "tlsv1.2" }, { "MaxProtocol", "TLSv1.3" },
        { "MaxProtocol", "TLSv1.2" }, { "MaxProtocol", "foo" }, { "-min_protocol", "TLSv1.3" }, { "-max_protocol", "None" },
        { "Options", "-SessionTicket,ServerPreference" }, { "Options", "+SessionTicket" }, { "Options", "Bugs,KTLS" },
        { "Options", "NoRenegotiation,PrioritizeChaCha,-MiddleboxCompat,-CANames,foo" }, { "Options", "-ExtendedMasterSecret" },
        { "Options", "-Bugs,-KTLS,CANames,ExtendedMasterSecret" },
        { "VerifyMode", "Peer" }, { "VerifyMode", "Request" }, { "VerifyMode", "Require" }, { "VerifyMode", "-Require" },
        { "VerifyMode", "RequirePostHandshake,Once" }, { "Groups", "X25519:P-256" }, { "Curves", "P-384" }, { "Groups", "foo" },
        { "-curves", "P-256" }, { "-named_curve", "P-256" }, { "ECDHParameters", "auto" }, { "ECDHParameters", "+Automatic" },
        { "-named_curve", "auto" }, { "ECDHParameters", "P-256:P-384" }, { "SignatureAlgorithms", "RSA+SHA256" },
        { "SignatureAlgorithms", "foo" }, { "ClientSignatureAlgorithms", "ECDSA+SHA256" }, { "-sigalgs", "ed25519" },
        { "NumTickets", "3" }, { "NumTickets", "-1" }, { "-num_tickets", "0" }, { "RecordPadding", "512" },
        { "RecordPadding", "20000" }, { "-record_padding", "-1" }, { "-no_tls1_3", NULL }, { "-no_ticket", NULL },
        { "-serverpref", NULL }, { "-legacy_server_connect", NULL }, { "-no_legacy_server_connect", NULL }, { "-strict", NULL },
        { "-bugs", NULL }, { "-comp", NULL }, { "-no_comp", "x" }, { "-anti_replay", NULL }, { "-no_anti_replay", NULL },
        { "-no_middlebox", NULL }, { "-prioritize_chacha", NULL }, { "no_ticket", NULL }, { "-", NULL }, { "", "x" },
        { "-foo", "x" }, { "foo", "x" }, { "CipherString", NULL }, { "-cipher", NULL }, { "Certificate", cert_file },
        { "-cert", cert_file }, { "PrivateKey", key_file }, { "-key", key_file }, { "Certificate", "missing" },
        { "PrivateKey", "missing" }, { "ChainCAFile", cert_file }, { "-chainCAfile", cert_file }, { "ChainCAFile", "missing" },
        { "ChainCAPath", folder }, { "VerifyCAFile", cert_file }, { "VerifyCAPath", folder }, { "-verifyCAfile", cert_file },
        { "RequestCAFile", cert_file }, { "ClientCAFile", cert_file }, { "-requestCAFile", cert_file }, { "RequestCAFile", "missing" },
        { "DHParameters", dh_file }, { "-dhparam", dh_file }, { "DHParameters", cert_file }, { "DHParameters", "missing" },
    };
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL *ssl = SSL_new(ctx);
    SSL_CONF_CTX *on_ctx = SSL_CONF_CTX_new(), *on_ssl = SSL_CONF_CTX_new(), *on_none = SSL_CONF_CTX_new();

    printf("== flags %x\n", flags);
    printf("set: %x %x %x, cleared %x\n", SSL_CONF_CTX_set_flags(on_ctx, flags | SSL_CONF_FLAG_SHOW_ERRORS),
           SSL_CONF_CTX_set_flags(on_ssl, flags), SSL_CONF_CTX_set_flags(on_none, flags),
           SSL_CONF_CTX_clear_flags(on_none, 0x1000));
    SSL_CONF_CTX_set_ssl_ctx(on_ctx, ctx);
    SSL_CONF_CTX_set_ssl(on_ssl, ssl);
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        /* Its own files have another name in each run. */
        int is_path = list[i].value != NULL && strncmp(list[i].value, folder, strlen(folder)) == 0;
        const char *value = list[i].value == NULL ? "NULL" : is_path ? "a path" : list[i].value;

        printf("%s %s: %d", list[i].name, value, SSL_CONF_cmd_value_type(on_ctx, list[i].name));
        printf(" %d", SSL_CONF_cmd(on_ssl, list[i].name, list[i].value));
        /* OpenSSL does not survive these. */
        if (strcmp(list[i].name, "Groups") != 0 && strcmp(list[i].name, "Curves") != 0
            && strcmp(list[i].name, "-curves") != 0)
            printf(" %d", SSL_CONF_cmd(on_none, list[i].name, list[i].value));
        ERR_clear_error();
        printf(" %d\n", SSL_CONF_cmd(on_ctx, list[i].name, list[i].value));
        if (!is_path)
            errors();
        ERR_clear_error();
    }
    printf("NULL: %d\n", SSL_CONF_cmd(on_ctx, NULL, "x"));
    errors();
    context(ctx);
    printf("finish: %d %d %d\n", SSL_CONF_CTX_finish(on_ctx), SSL_CONF_CTX_finish(on_ssl), SSL_CONF_CTX_finish(on_none));
    context(ctx);
    printf("  options of the connection %llx, versions %lx %lx\n", (unsigned long long)SSL_get_options(ssl),
           SSL_get_min_proto_version(ssl), SSL_get_max_proto_version(ssl));
    SSL_CONF_CTX_free(on_ctx);
    SSL_CONF_CTX_free(on_ssl);
    SSL_CONF_CTX_free(on_none);
    SSL_CONF_CTX_free(NULL);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static void prefixes(void)
{
    static const char *const names[] = { "sslCipherString", "SSLCipherString", "ssl", "CipherString", "sslcipher", "-sslcipher" };
    static const unsigned flags[] = { SSL_CONF_FLAG_FILE, SSL_CONF_FLAG_CMDLINE, SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_CMDLINE, 0 };
    SSL_CONF_CTX *conf = SSL_CONF_CTX_new();

    printf("prefix: %d\n", SSL_CONF_CTX_set1_prefix(conf, "ssl"));
    for (size_t f = 0; f < 4; f++) {
        SSL_CONF_CTX_clear_flags(conf, ~0u);
        SSL_CONF_CTX_set_flags(conf, flags[f]);
        for (size_t i = 0; i < 6; i++)
            printf("%x %s: %d, type %d\n", flags[f], names[i], SSL_CONF_cmd(conf, names[i], "DEFAULT"),
                   SSL_CONF_cmd_value_type(conf, names[i]));
    }
    printf("no prefix: %d\n", SSL_CONF_CTX_set1_prefix(conf, NULL));
    SSL_CONF_CTX_free(conf);
}

static void arguments(void)
{
    char *argv[] = { "-cipher", "DEFAULT", "-no_tls1_3", "-foo", "-groups", "X25519", "-groups", "foo", "-cipher", NULL };
    char **left = argv;
    int count = 9, used;
    SSL_CONF_CTX *conf = SSL_CONF_CTX_new();
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());

    SSL_CONF_CTX_set_ssl_ctx(conf, ctx);
    SSL_CONF_CTX_set_flags(conf, SSL_CONF_FLAG_FILE);
    while (count > 0) {
        printf("%s: ", *left);
        used = SSL_CONF_cmd_argv(conf, &count, &left);
        printf("%d, left %d at %d\n", used, count, (int)(left - argv));
        if (used <= 0) {
            left++;
            count--;
        }
    }
    printf("none: %d\n", SSL_CONF_cmd_argv(conf, &count, &left));
    left = argv;
    printf("without count: %d %d\n", SSL_CONF_cmd_argv(conf, NULL, &left), (int)(left - argv));
    printf("flags: %x\n", SSL_CONF_CTX_set_flags(conf, 0));
    SSL_CONF_CTX_free(conf);
    SSL_CTX_free(ctx);
}

static void sections(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method()), *client = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);

    printf("section: %d\n", SSL_CTX_config(ctx, "good"));
    errors();
    context(ctx);
    printf("on a connection: %d\n", SSL_config(ssl, "good"));
    errors();
    printf("on a client: %d\n", SSL_CTX_config(client, "good"));
    errors();
    context(client);
    printf("bad value: %d\n", SSL_CTX_config(ctx, "bad"));
    errors();
    printf("unknown command: %d\n", SSL_CTX_config(ctx, "unknown"));
    errors();
    printf("with a key: %d\n", SSL_CTX_config(ctx, "identity"));
    errors();
    context(ctx);
    printf("no section: %d %d\n", SSL_CTX_config(ctx, "none"), SSL_config(ssl, "none"));
    errors();
    printf("no target: %d\n", SSL_CTX_config(NULL, "good"));
    errors();
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    SSL_CTX_free(client);
}

static void load(const char *label, const char *text)
{
    SSL_CTX *ctx;
    char all[2048];

    snprintf(all, sizeof(all), "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\n%s", text);
    write_config(all);
    printf("== %s: %d\n", label, CONF_modules_load_file(config, NULL, 0));
    errors();
    ERR_clear_error();
    ctx = SSL_CTX_new(TLS_method());
    errors();
    context(ctx);
    SSL_CTX_free(ctx);
}

int main(void)
{
    char text[1024];

    setvbuf(stdout, NULL, _IOLBF, 0);
    write_files();
    printf("init: %d\n", OPENSSL_init_ssl(0, NULL));
    SSL_add_ssl_module();
    commands(SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_CLIENT | SSL_CONF_FLAG_SERVER | SSL_CONF_FLAG_CERTIFICATE);
    commands(SSL_CONF_FLAG_CMDLINE | SSL_CONF_FLAG_SERVER | SSL_CONF_FLAG_CERTIFICATE | SSL_CONF_FLAG_REQUIRE_PRIVATE);
    commands(SSL_CONF_FLAG_CMDLINE | SSL_CONF_FLAG_CLIENT);
    commands(SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_CMDLINE | SSL_CONF_FLAG_SERVER);
    prefixes();
    arguments();
    load("a default", "system_default = tls\n[tls]\nMinProtocol = TLSv1.3\nCipherString = ECDHE-RSA-AES128-GCM-SHA256\n"
         "Options = -SessionTicket\nVerifyMode = Peer\n");
    load("both kinds", "system_default = tls\n[tls]\n1.MinProtocol = TLSv1.2\n2.MinProtocol = DTLSv1.2\n"
         "CipherString = DEFAULT@SECLEVEL=1\n");
    load("a bad value", "system_default = tls\n[tls]\nMinProtocol = TLSv1.2\nCiphersuites = FOO\nNumTickets = 5\n");
    load("an unknown command", "system_default = tls\n[tls]\nFoo = Bar\nNumTickets = 5\n");
    load("certificates are not for everybody", "system_default = tls\n[tls]\nCertificate = x\n");
    snprintf(text, sizeof(text), "good = good\nbad = bad\nunknown = unknown\nidentity = identity\n"
             "[good]\nMaxProtocol = TLSv1.2\nNumTickets = 4\nOptions = ServerPreference\n"
             "[bad]\nMinProtocol = foo\n[unknown]\nFoo = x\n[identity]\nCertificate = %s\n", both_file);
    load("sections", text);
    sections();
    remove_files();
    return 0;
}
