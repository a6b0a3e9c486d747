/*
 * The library is opened by name, twice, closed, opened again and used each time: by a program that is not
 * linked against it, as one that loads plugins is. A thread that used it ends after it was closed.
 */
#define _GNU_SOURCE /* dlvsym */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            const char *why = dlerror();                                                           \
            printf("FAILED at line %d: %s: %s\n", __LINE__, #condition, why != NULL ? why : "-");  \
            fflush(stdout);                                                                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

/* The functions, found anew in each handle. */
static struct {
    const SSL_METHOD *(*client_method)(void);
    SSL_CTX *(*ctx_new)(const SSL_METHOD *);
    void (*ctx_free)(SSL_CTX *);
    long (*ctx_ctrl)(SSL_CTX *, int, long, void *);
    SSL *(*new)(SSL_CTX *);
    void (*free)(SSL *);
    void (*set_bio)(SSL *, BIO *, BIO *);
    void (*set_connect_state)(SSL *);
    int (*do_handshake)(SSL *);
    int (*get_error)(const SSL *, int);
} ssl;

static void *open_library(int flags)
{
    void *library = dlopen("libssl.so.3", flags);

    CHECK(library != NULL);
    return library;
}

static void find(void *library)
{
    CHECK((ssl.client_method = dlsym(library, "TLS_client_method")) != NULL);
    CHECK((ssl.ctx_new = dlsym(library, "SSL_CTX_new")) != NULL);
    CHECK((ssl.ctx_free = dlsym(library, "SSL_CTX_free")) != NULL);
    CHECK((ssl.ctx_ctrl = dlsym(library, "SSL_CTX_ctrl")) != NULL);
    CHECK((ssl.new = dlsym(library, "SSL_new")) != NULL);
    CHECK((ssl.free = dlsym(library, "SSL_free")) != NULL);
    CHECK((ssl.set_bio = dlsym(library, "SSL_set_bio")) != NULL);
    CHECK((ssl.set_connect_state = dlsym(library, "SSL_set_connect_state")) != NULL);
    CHECK((ssl.do_handshake = dlsym(library, "SSL_do_handshake")) != NULL);
    CHECK((ssl.get_error = dlsym(library, "SSL_get_error")) != NULL);
    CHECK(dlvsym(library, "SSL_new", "OPENSSL_3.0.0") == (void *)ssl.new);
}

/* A client that says hello to nobody, then hears nonsense. */
static void use(const char *when)
{
    SSL_CTX *ctx = ssl.ctx_new(ssl.client_method());
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    SSL *client;

    CHECK(ctx != NULL && in != NULL && out != NULL);
    ssl.ctx_ctrl(ctx, SSL_CTRL_MODE, SSL_MODE_ENABLE_PARTIAL_WRITE, NULL);
    CHECK((client = ssl.new(ctx)) != NULL);
    BIO_set_mem_eof_return(in, -1);
    ssl.set_bio(client, in, out);
    ssl.set_connect_state(client);
    CHECK(ssl.do_handshake(client) == -1);
    CHECK(ssl.get_error(client, -1) == SSL_ERROR_WANT_READ);
    CHECK(BIO_ctrl_pending(out) > 100);
    CHECK(BIO_write(in, "nonsense, not a record", 22) == 22);
    CHECK(ssl.do_handshake(client) == -1);
    CHECK(ssl.get_error(client, -1) == SSL_ERROR_SSL);
    CHECK(ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_SSL);
    printf("%s: %s\n", when, ERR_reason_error_string(ERR_get_error()));
    ERR_clear_error();
    ssl.free(client);
    ssl.ctx_free(ctx);
}

static sem_t used, closed;

/* Has state of the library when it ends, after the main thread closed it. */
static void *user(void *arg)
{
    (void)arg;
    use("in a thread");
    sem_post(&used);
    sem_wait(&closed);
    return NULL;
}

int main(void)
{
    void *first, *second;
    pthread_t thread;
    int round;

    CHECK(sem_init(&used, 0, 0) == 0 && sem_init(&closed, 0, 0) == 0);
    for (round = 0; round < 3; round++) {
        first = open_library(RTLD_NOW | RTLD_LOCAL);
        second = open_library(RTLD_NOW | RTLD_GLOBAL);
        CHECK(first == second);
        find(first);
        use("open twice");
        CHECK(dlclose(first) == 0);
        use("closed once");
        CHECK(pthread_create(&thread, NULL, user, NULL) == 0);
        sem_wait(&used);
        CHECK(dlclose(second) == 0);
        sem_post(&closed);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    /* Lazily bound, and left open to the end. */
    find(open_library(RTLD_LAZY));
    use("open at exit");
    return 0;
}
