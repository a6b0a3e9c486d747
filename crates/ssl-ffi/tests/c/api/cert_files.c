/* Certificates, keys and authorities in files: formats, passwords, what is refused and with which errors. */
#include "cert_common.h"

#include <sys/stat.h>
#include <unistd.h>

static struct identity root, middle, rsa, rsa_other, ec;

static char folder[] = P_tmpdir "/cert_files.XXXXXX";

static const char *path(const char *name)
{
    static char text[4][128];
    static int at;
    char *to = text[at++ % 4];

    snprintf(to, 128, "%s/%s", folder, name);
    return to;
}

static BIO *open_file(const char *name)
{
    BIO *file = BIO_new_file(path(name), "w");

    require(file != NULL, "write a file");
    return file;
}

static void check(const char *label, long result)
{
    printf("%s: %ld\n", label, result);
    errors();
}

static int asked;

static int password(char *to, int size, int writing, void *arg)
{
    asked++;
    printf(" password: size is enough %d, writing %d\n", size > 100, writing);
    if (arg == NULL)
        return -1;
    strcpy(to, arg);
    return (int)strlen(arg);
}

static void write_all(void)
{
    BIO *file = open_file("cert.pem");

    PEM_write_bio_X509(file, rsa.cert);
    BIO_free(file);
    file = open_file("trusted.pem");
    PEM_write_bio_X509_AUX(file, rsa.cert);
    BIO_free(file);
    file = open_file("cert.der");
    i2d_X509_bio(file, rsa.cert);
    BIO_free(file);
    file = open_file("chain.pem");
    PEM_write_bio_X509(file, rsa.cert);
    PEM_write_bio_X509(file, middle.cert);
    PEM_write_bio_X509(file, root.cert);
    BIO_free(file);
    file = open_file("broken-chain.pem");
    PEM_write_bio_X509(file, ec.cert);
    BIO_puts(file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    BIO_free(file);
    file = open_file("everything.pem");
    PEM_write_bio_PrivateKey(file, rsa.key, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_X509(file, rsa.cert);
    BIO_puts(file, "some text\n");
    PEM_write_bio_X509(file, middle.cert);
    BIO_free(file);
    file = open_file("key.pem");
    PEM_write_bio_PrivateKey(file, rsa.key, NULL, NULL, 0, NULL, NULL);
    BIO_free(file);
    file = open_file("other-key.pem");
    PEM_write_bio_PrivateKey(file, rsa_other.key, NULL, NULL, 0, NULL, NULL);
    BIO_free(file);
    file = open_file("traditional.pem");
    PEM_write_bio_PrivateKey_traditional(file, rsa.key, NULL, NULL, 0, NULL, NULL);
    BIO_free(file);
    file = open_file("secret.pem");
    PEM_write_bio_PKCS8PrivateKey(file, rsa.key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
    BIO_free(file);
    file = open_file("secret-traditional.pem");
    PEM_write_bio_PrivateKey_traditional(file, rsa.key, EVP_aes_128_cbc(),
                                         (unsigned char *)"secret", 6, NULL, NULL);
    BIO_free(file);
    file = open_file("key.der");
    i2d_PrivateKey_bio(file, rsa.key);
    BIO_free(file);
    file = open_file("ec-key.pem");
    PEM_write_bio_PrivateKey(file, ec.key, NULL, NULL, 0, NULL, NULL);
    BIO_free(file);
    file = open_file("empty.pem");
    BIO_free(file);
    file = open_file("text.pem");
    BIO_puts(file, "nothing of interest\n");
    BIO_free(file);
    mkdir(path("authorities"), 0700);
    file = open_file("authorities/one.pem");
    PEM_write_bio_X509(file, root.cert);
    PEM_write_bio_X509(file, middle.cert);
    BIO_free(file);
    file = open_file("authorities/two.pem");
    PEM_write_bio_X509(file, middle.cert);
    PEM_write_bio_X509(file, ec.cert);
    BIO_free(file);
    mkdir(path("nothing"), 0700);
}

static void certificates(SSL_CTX *ctx, SSL *ssl)
{
    printf("- certificates\n");
    check("PEM", SSL_CTX_use_certificate_file(ctx, path("cert.pem"), SSL_FILETYPE_PEM));
    check("PEM with trust", SSL_CTX_use_certificate_file(ctx, path("trusted.pem"), SSL_FILETYPE_PEM));
    check("DER", SSL_CTX_use_certificate_file(ctx, path("cert.der"), SSL_FILETYPE_ASN1));
    check("after a key", SSL_CTX_use_certificate_file(ctx, path("everything.pem"), SSL_FILETYPE_PEM));
    check("connection", SSL_use_certificate_file(ssl, path("cert.pem"), SSL_FILETYPE_PEM));
    check("DER as PEM", SSL_CTX_use_certificate_file(ctx, path("cert.der"), SSL_FILETYPE_PEM));
    check("PEM as DER", SSL_CTX_use_certificate_file(ctx, path("cert.pem"), SSL_FILETYPE_ASN1));
    check("no format", SSL_CTX_use_certificate_file(ctx, path("cert.pem"), 7));
    check("no file", SSL_CTX_use_certificate_file(ctx, path("missing.pem"), SSL_FILETYPE_PEM));
    check("empty", SSL_CTX_use_certificate_file(ctx, path("empty.pem"), SSL_FILETYPE_PEM));
    check("folder", SSL_CTX_use_certificate_file(ctx, folder, SSL_FILETYPE_PEM));
}

static void chains(SSL_CTX *ctx, SSL *ssl)
{
    STACK_OF(X509) *chain = NULL;

    printf("- chains\n");
    check("chain", SSL_CTX_use_certificate_chain_file(ctx, path("chain.pem")));
    SSL_CTX_get0_chain_certs(ctx, &chain);
    print_chain("chain", chain);
    check("alone", SSL_CTX_use_certificate_chain_file(ctx, path("cert.pem")));
    SSL_CTX_get0_chain_certs(ctx, &chain);
    print_chain("chain", chain);
    check("connection", SSL_use_certificate_chain_file(ssl, path("everything.pem")));
    SSL_get0_chain_certs(ssl, &chain);
    print_chain("chain", chain);
    check("with trust", SSL_CTX_use_certificate_chain_file(ctx, path("trusted.pem")));
    check("broken", SSL_CTX_use_certificate_chain_file(ctx, path("broken-chain.pem")));
    printf("%s\n", name_of(SSL_CTX_get0_certificate(ctx)));
    check("no file", SSL_CTX_use_certificate_chain_file(ctx, path("missing.pem")));
    check("empty", SSL_CTX_use_certificate_chain_file(ctx, path("empty.pem")));
    check("key alone", SSL_CTX_use_certificate_chain_file(ctx, path("key.pem")));
    check("no context", SSL_CTX_use_certificate_chain_file(NULL, path("cert.pem")));
    check("no connection", SSL_use_certificate_chain_file(NULL, path("cert.pem")));
    ERR_raise(ERR_LIB_USER, 5);
    check("with an older error", SSL_CTX_use_certificate_chain_file(ctx, path("chain.pem")));
    check("mismatching key", SSL_CTX_use_PrivateKey_file(ctx, path("other-key.pem"), SSL_FILETYPE_PEM));
    check("key", SSL_CTX_use_PrivateKey_file(ctx, path("key.pem"), SSL_FILETYPE_PEM));
    check("chain with its key there", SSL_CTX_use_certificate_chain_file(ctx, path("chain.pem")));
    check("check", SSL_CTX_check_private_key(ctx));
}

static void keys(SSL_CTX *ctx, SSL *ssl)
{
    printf("- keys\n");
    check("PEM", SSL_CTX_use_PrivateKey_file(ctx, path("key.pem"), SSL_FILETYPE_PEM));
    check("traditional", SSL_CTX_use_PrivateKey_file(ctx, path("traditional.pem"), SSL_FILETYPE_PEM));
    check("DER", SSL_CTX_use_PrivateKey_file(ctx, path("key.der"), SSL_FILETYPE_ASN1));
    check("among others", SSL_CTX_use_PrivateKey_file(ctx, path("everything.pem"), SSL_FILETYPE_PEM));
    check("connection", SSL_use_PrivateKey_file(ssl, path("key.pem"), SSL_FILETYPE_PEM));
    check("DER as PEM", SSL_CTX_use_PrivateKey_file(ctx, path("key.der"), SSL_FILETYPE_PEM));
    check("no format", SSL_CTX_use_PrivateKey_file(ctx, path("key.pem"), 7));
    check("no file", SSL_CTX_use_PrivateKey_file(ctx, path("missing.pem"), SSL_FILETYPE_PEM));
    check("certificate", SSL_CTX_use_PrivateKey_file(ctx, path("cert.pem"), SSL_FILETYPE_PEM));
    check("RSA", SSL_CTX_use_RSAPrivateKey_file(ctx, path("traditional.pem"), SSL_FILETYPE_PEM));
    check("RSA in PKCS #8", SSL_CTX_use_RSAPrivateKey_file(ctx, path("key.pem"), SSL_FILETYPE_PEM));
    check("RSA in DER", SSL_use_RSAPrivateKey_file(ssl, path("key.der"), SSL_FILETYPE_ASN1));
    check("no RSA", SSL_CTX_use_RSAPrivateKey_file(ctx, path("ec-key.pem"), SSL_FILETYPE_PEM));
    check("no format", SSL_use_RSAPrivateKey_file(ssl, path("key.pem"), 7));
}

static void passwords(SSL_CTX *ctx, SSL *ssl)
{
    printf("- passwords\n");
    SSL_CTX_set_default_passwd_cb(ctx, password);
    check("none given", SSL_CTX_use_PrivateKey_file(ctx, path("secret.pem"), SSL_FILETYPE_PEM));
    SSL_CTX_set_default_passwd_cb_userdata(ctx, "wrong");
    check("wrong", SSL_CTX_use_PrivateKey_file(ctx, path("secret.pem"), SSL_FILETYPE_PEM));
    SSL_CTX_set_default_passwd_cb_userdata(ctx, "secret");
    check("right", SSL_CTX_use_PrivateKey_file(ctx, path("secret.pem"), SSL_FILETYPE_PEM));
    check("traditional", SSL_CTX_use_PrivateKey_file(ctx, path("secret-traditional.pem"), SSL_FILETYPE_PEM));
    check("RSA", SSL_CTX_use_RSAPrivateKey_file(ctx, path("secret-traditional.pem"), SSL_FILETYPE_PEM));
    check("not needed", SSL_CTX_use_PrivateKey_file(ctx, path("key.pem"), SSL_FILETYPE_PEM));
    SSL_set_default_passwd_cb(ssl, password);
    SSL_set_default_passwd_cb_userdata(ssl, "secret");
    check("connection", SSL_use_PrivateKey_file(ssl, path("secret.pem"), SSL_FILETYPE_PEM));
    /* Without a function the argument is the password. */
    SSL_CTX_set_default_passwd_cb(ctx, NULL);
    check("argument", SSL_CTX_use_PrivateKey_file(ctx, path("secret.pem"), SSL_FILETYPE_PEM));
    printf("asked: %d\n", asked);
}

static void locations(SSL_CTX *ctx)
{
    STACK_OF(X509_OBJECT) *objects;

    printf("- locations\n");
    check("file", SSL_CTX_load_verify_locations(ctx, path("chain.pem"), NULL));
    objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(ctx));
    printf("objects: %d\n", sk_X509_OBJECT_num(objects));
    check("folder", SSL_CTX_load_verify_locations(ctx, NULL, path("authorities")));
    check("both", SSL_CTX_load_verify_locations(ctx, path("chain.pem"), path("authorities")));
    check("missing file", SSL_CTX_load_verify_locations(ctx, path("missing.pem"), NULL));
    check("missing folder", SSL_CTX_load_verify_locations(ctx, NULL, path("missing")));
    check("no certificates", SSL_CTX_load_verify_locations(ctx, path("text.pem"), NULL));
    check("file alone", SSL_CTX_load_verify_file(ctx, path("cert.pem")));
    check("folder alone", SSL_CTX_load_verify_dir(ctx, path("authorities")));
    check("store", SSL_CTX_load_verify_store(ctx, path("chain.pem")));
    printf("objects: %d\n", sk_X509_OBJECT_num(objects));
}

static void authorities(void)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path("chain.pem"));

    printf("- authorities\n");
    print_names("file", names);
    errors();
    check("add a file", SSL_add_file_cert_subjects_to_stack(names, path("authorities/two.pem")));
    print_names("names", names);
    check("add a folder", SSL_add_dir_cert_subjects_to_stack(names, path("authorities")));
    print_names("names", names);
    check("add an empty folder", SSL_add_dir_cert_subjects_to_stack(names, path("nothing")));
    check("add a missing folder", SSL_add_dir_cert_subjects_to_stack(names, path("missing")));
    check("add a missing file", SSL_add_file_cert_subjects_to_stack(names, path("missing.pem")));
    check("add text", SSL_add_file_cert_subjects_to_stack(names, path("text.pem")));
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    names = sk_X509_NAME_new_null();
    check("add a store", SSL_add_store_cert_subjects_to_stack(names, path("chain.pem")));
    print_names("names", names);
    check("add a missing store", SSL_add_store_cert_subjects_to_stack(names, path("missing.pem")));
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    print_names("missing", SSL_load_client_CA_file(path("missing.pem")));
    errors();
    print_names("empty", SSL_load_client_CA_file(path("empty.pem")));
    errors();
    print_names("key", SSL_load_client_CA_file(path("key.pem")));
    errors();
    names = SSL_load_client_CA_file_ex(path("authorities/one.pem"), NULL, NULL);
    print_names("with a library context", names);
    sk_X509_NAME_pop_free(names, X509_NAME_free);
}

static void remove_all(void)
{
    static const char *const names[] = {
        "cert.pem", "trusted.pem", "cert.der", "chain.pem", "broken-chain.pem", "everything.pem",
        "key.pem", "other-key.pem", "traditional.pem", "secret.pem", "secret-traditional.pem",
        "key.der", "ec-key.pem", "empty.pem", "text.pem", "authorities/one.pem",
        "authorities/two.pem"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        unlink(path(names[i]));
    rmdir(path("authorities"));
    rmdir(path("nothing"));
    rmdir(folder);
}

int main(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL *ssl = SSL_new(ctx);

    require(mkdtemp(folder) != NULL, "make a folder");
    root = make((struct wish){"P-256", "root", 1}, NULL);
    middle = make((struct wish){"P-256", "middle", 1}, &root);
    rsa = make((struct wish){"RSA", "rsa"}, &middle);
    rsa_other = make((struct wish){"RSA", "rsa-other"}, &middle);
    ec = make((struct wish){"P-256", "ec"}, &root);
    write_all();
    certificates(ctx, ssl);
    chains(ctx, ssl);
    keys(ctx, ssl);
    passwords(ctx, ssl);
    locations(ctx);
    authorities();
    remove_all();
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return 0;
}
