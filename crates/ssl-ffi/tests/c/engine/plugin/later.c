/*
 * An engine whose private keys sign later: the program that pauses for it is resumed when another thread has
 * made the signature, and is told so by a descriptor, or by the callback that the wait context has. In the place of hardware.
 *
 * Loaded with libcrypto's "dynamic" engine. Inside of an ASYNC job a request is queued for the worker and
 * the job pauses until it is done; elsewhere it is done in place. Control commands:
 *
 *   GATE n      the worker waits until so many requests are queued, once; then it never waits again
 *   ALLOW n     the worker may do so many requests more, and stops there
 *   IMPATIENT n a job that is resumed before its signature is made: 0 it pauses again, 1 it fails
 *   COUNTS p    fills struct later_counts
 */
#include "../later.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <openssl/async.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/engine.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

/* A private-key operation. Freed by the last of its two owners, the job and the worker. */
struct request {
    struct request *next;
    int owners;
    int done;
    int ready; /* descriptor */
    ASYNC_callback_fn call_back;
    void *call_back_arg;
    int length;
    RSA *rsa;
    EC_KEY *ec;
    int padding, kind;
    int in_length;
    unsigned char in[512];
    unsigned char out[1024];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_t worker;
static struct request *first, **last = &first;
static long gate, allowed = -1;
static int queued, ending, running, impatient;
static struct later_counts counts;

static RSA_METHOD *rsa_method;
static EC_KEY_METHOD *ec_method;

/* What EC keys sign with without an engine. */
static int (*ec_sign_now)(int, const unsigned char *, int, unsigned char *, unsigned int *,
                          const BIGNUM *, const BIGNUM *, EC_KEY *);
static int (*ec_set_up)(EC_KEY *, BN_CTX *, BIGNUM **, BIGNUM **);
static ECDSA_SIG *(*ec_sign_apart)(const unsigned char *, int, const BIGNUM *, const BIGNUM *,
                                   EC_KEY *);

/* The operation itself, by the methods that keys have without an engine. */
static void compute(struct request *request)
{
    unsigned length = 0;

    if (request->rsa != NULL) {
        request->length = RSA_meth_get_priv_enc(RSA_PKCS1_OpenSSL())(
            request->in_length, request->in, request->out, request->rsa, request->padding);
    } else {
        request->length = ec_sign_now(request->kind, request->in, request->in_length, request->out,
                                      &length, NULL, NULL, request->ec) == 1
                              ? (int)length
                              : -1;
    }
}

/* With the lock held. */
static void let_go(struct request *request)
{
    if (--request->owners > 0)
        return;
    close(request->ready);
    RSA_free(request->rsa);
    EC_KEY_free(request->ec);
    OPENSSL_cleanse(request, sizeof(*request));
    free(request);
}

static int may_work(void)
{
    return first != NULL && queued >= gate && allowed != 0;
}

static void *work(void *unused)
{
    struct request *request;
    uint64_t one = 1;

    pthread_mutex_lock(&lock);
    for (;;) {
        while (!may_work() && !(ending && first == NULL))
            pthread_cond_wait(&changed, &lock);
        if (first == NULL)
            break;
        gate = 0;
        if (allowed > 0)
            allowed--;
        request = first;
        if ((first = request->next) == NULL)
            last = &first;
        queued--;
        pthread_mutex_unlock(&lock);
        compute(request);
        pthread_mutex_lock(&lock);
        request->done = 1;
        counts.by_worker++;
        if (request->call_back != NULL)
            request->call_back(request->call_back_arg);
        else if (write(request->ready, &one, sizeof(one)) != sizeof(one))
            abort();
        let_go(request);
    }
    pthread_mutex_unlock(&lock);
    return unused;
}

static int is_done(const struct request *request)
{
    int done;

    pthread_mutex_lock(&lock);
    done = request->done;
    pthread_mutex_unlock(&lock);
    return done;
}

/* Pauses until the worker is through, or until it takes too long for the impatient. */
static int wait_for(struct request *request, ASYNC_JOB *job)
{
    ASYNC_WAIT_CTX *waiting = ASYNC_get_wait_ctx(job);

    if (request->call_back == NULL
        && ASYNC_WAIT_CTX_set_wait_fd(waiting, &counts, request->ready, NULL, NULL) != 1)
        return 0;
    do {
        if (ASYNC_pause_job() != 1)
            break;
    } while (!is_done(request) && !impatient);
    if (request->call_back == NULL)
        ASYNC_WAIT_CTX_clear_fd(waiting, &counts);
    return is_done(request);
}

/* A signature, at once or later; its length, or -1. Owns the keys. */
static int sign(struct request *request, unsigned char *out)
{
    ASYNC_JOB *job = ASYNC_get_current_job();
    int length = -1;

    if (job == NULL || (request->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
        request->ready = -1;
        compute(request);
        length = request->length;
        request->owners = 1;
        counts.in_place++;
    } else {
        ASYNC_WAIT_CTX_get_callback(ASYNC_get_wait_ctx(job), &request->call_back,
                                    &request->call_back_arg);
        pthread_mutex_lock(&lock);
        request->owners = 2;
        *last = request;
        last = &request->next;
        queued++;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
        if (wait_for(request, job))
            length = request->length;
    }
    if (length > 0)
        memcpy(out, request->out, (size_t)length);
    pthread_mutex_lock(&lock);
    let_go(request);
    pthread_mutex_unlock(&lock);
    return length;
}

static struct request *new_request(const unsigned char *in, int length)
{
    struct request *request;

    if (length < 0 || (size_t)length > sizeof(request->in))
        return NULL;
    if ((request = calloc(1, sizeof(*request))) == NULL)
        return NULL;
    memcpy(request->in, in, (size_t)length);
    request->in_length = length;
    return request;
}

static int rsa_encrypt(int length, const unsigned char *in, unsigned char *out, RSA *rsa,
                       int padding)
{
    struct request *request = new_request(in, length);

    if (request == NULL || (size_t)RSA_size(rsa) > sizeof(request->out))
        return -1;
    RSA_up_ref(rsa);
    request->rsa = rsa;
    request->padding = padding;
    return sign(request, out);
}

static int ec_sign(int kind, const unsigned char *in, int length, unsigned char *out,
                   unsigned *out_length, const BIGNUM *kinv, const BIGNUM *r, EC_KEY *ec)
{
    struct request *request = new_request(in, length);
    int signed_length;

    if (request == NULL)
        return 0;
    EC_KEY_up_ref(ec);
    request->ec = ec;
    request->kind = kind;
    if ((signed_length = sign(request, out)) <= 0)
        return 0;
    *out_length = (unsigned)signed_length;
    return 1;
}

/* A key from a PEM file, to be used through this engine. */
static EVP_PKEY *load_key(ENGINE *engine, const char *path, UI_METHOD *ui, void *arg)
{
    FILE *file = fopen(path, "r");
    EVP_PKEY *plain = file == NULL ? NULL : PEM_read_PrivateKey(file, NULL, NULL, NULL);
    EVP_PKEY *key = EVP_PKEY_new();
    int ok = 0;

    if (file != NULL)
        fclose(file);
    if (plain != NULL && EVP_PKEY_get_base_id(plain) == EVP_PKEY_RSA) {
        RSA *rsa = RSAPrivateKey_dup(EVP_PKEY_get0_RSA(plain));

        ok = rsa != NULL && RSA_set_method(rsa, rsa_method) && EVP_PKEY_assign_RSA(key, rsa);
    } else if (plain != NULL) {
        EC_KEY *ec = EC_KEY_dup(EVP_PKEY_get0_EC_KEY(plain));

        ok = ec != NULL && EC_KEY_set_method(ec, ec_method) && EVP_PKEY_assign_EC_KEY(key, ec);
    }
    EVP_PKEY_free(plain);
    if (ok)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

static int start(ENGINE *engine)
{
    ending = 0;
    running = pthread_create(&worker, NULL, work, NULL) == 0;
    return running;
}

/* What is queued is done first, so that nobody waits for ever. */
static int finish(ENGINE *engine)
{
    pthread_mutex_lock(&lock);
    ending = 1;
    gate = 0;
    allowed = -1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    if (running)
        pthread_join(worker, NULL);
    running = 0;
    return 1;
}

static int destroy(ENGINE *engine)
{
    RSA_meth_free(rsa_method);
    EC_KEY_METHOD_free(ec_method);
    return 1;
}

static int control(ENGINE *engine, int command, long number, void *place, void (*unused)(void))
{
    int ok = 1;

    pthread_mutex_lock(&lock);
    switch (command) {
    case LATER_GATE:
        gate = number;
        break;
    case LATER_ALLOW:
        allowed = number;
        break;
    case LATER_IMPATIENT:
        impatient = (int)number;
        break;
    case LATER_COUNTS:
        *(struct later_counts *)place = counts;
        break;
    default:
        ok = 0;
    }
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    return ok;
}

static int bind(ENGINE *engine, const char *id)
{
    rsa_method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
    ec_method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    if (rsa_method == NULL || ec_method == NULL)
        return 0;
    RSA_meth_set1_name(rsa_method, "signs later");
    RSA_meth_set_priv_enc(rsa_method, rsa_encrypt);
    EC_KEY_METHOD_get_sign(ec_method, &ec_sign_now, &ec_set_up, &ec_sign_apart);
    EC_KEY_METHOD_set_sign(ec_method, ec_sign, ec_set_up, ec_sign_apart);
    return ENGINE_set_id(engine, "later") && ENGINE_set_name(engine, "keys that sign later")
           && ENGINE_set_RSA(engine, rsa_method) && ENGINE_set_EC(engine, ec_method)
           && ENGINE_set_load_privkey_function(engine, load_key)
           && ENGINE_set_init_function(engine, start) && ENGINE_set_finish_function(engine, finish)
           && ENGINE_set_destroy_function(engine, destroy)
           && ENGINE_set_ctrl_function(engine, control);
}

IMPLEMENT_DYNAMIC_BIND_FN(bind)
IMPLEMENT_DYNAMIC_CHECK_FN()
