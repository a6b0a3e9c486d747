/*
 * Connections freed while they wait for a signature, on a thread that may have 4 jobs: more of them than it
 * has jobs, with signatures that are made before that and after, by an engine that pauses again until its
 * own is. Then as many handshakes as there are jobs wait and end. OpenSSL loses a job with each connection
 * freed, and has none after the first four (statement A14).
 */
#include "../engine_server.h"

#include <pthread.h>
#include <sched.h>

#define JOBS 4
#define ROUNDS 5

static SSL_CTX *client_ctx, *server_ctx;
static int version;

/* Signatures asked for, made or not. */
static unsigned long asked;

/* Server's connections whose application data went away. */
static int gone;

static void count_gone(void *parent, void *data, CRYPTO_EX_DATA *all, int index, long argl,
                       void *argp)
{
    gone += data != NULL;
}

/* The engine makes no signature until it is let to. */
static void hold_back(void)
{
    tell_engine(LATER_ALLOW, 0);
}

/* It makes all that it was asked for. */
static void let_sign(void)
{
    tell_engine(LATER_ALLOW, -1);
    while (engine_counts().by_worker < asked)
        sched_yield();
}

/* What the application put on a connection goes away with SSL_free, whatever becomes of its job. */
static void close_all(struct connection *all, int count)
{
    int before = gone, i;

    for (i = 0; i < count; i++)
        close_connection(&all[i]);
    CHECK(gone == before + count);
    CHECK(ERR_peek_error() == 0);
}

/* One handshake more than there are jobs: how many wait for a signature; the others want a job. */
static int suspend_all(struct connection *all)
{
    int suspended = 0, i;

    for (i = 0; i < JOBS + 1; i++) {
        open_connection(&all[i], client_ctx, server_ctx, version, NULL, BIO_PAIR);
        SSL_set_verify(all[i].client, SSL_VERIFY_NONE, NULL);
        CHECK(SSL_set_ex_data(all[i].server, 1, &gone) == 1);
        CHECK(is_retry(all[i].client, SSL_do_handshake(all[i].client)));
        CHECK(SSL_do_handshake(all[i].server) == -1);
        CHECK(SSL_want_async(all[i].server) || SSL_want_async_job(all[i].server));
        suspended += SSL_want_async(all[i].server);
    }
    asked += (unsigned long)suspended;
    return suspended;
}

/* Suspends and frees, again and again. */
static void free_suspended(int is_signed)
{
    struct connection all[JOBS + 1];
    int round;

    for (round = 0; round < ROUNDS; round++) {
        hold_back();
        CHECK(suspend_all(all) == JOBS);
        if (is_signed)
            let_sign();
        close_all(all, JOBS + 1);
        if (!is_signed) {
            /* All jobs are taken still. */
            CHECK(suspend_all(all) == 0);
            close_all(all, JOBS + 1);
        }
        let_sign();
    }
}

/* New handshakes get all the jobs, and end. */
static void use_jobs(void)
{
    struct connection all[JOBS + 1];
    int i;

    hold_back();
    CHECK(suspend_all(all) == JOBS);
    let_sign();
    for (i = 0; i < JOBS; i++)
        CHECK(handshake(&all[i]));
    close_all(all, JOBS + 1);
}

/* On a thread of its own, which has jobs of its own. */
static void *run(void *is_signed)
{
    CHECK(ASYNC_init_thread(JOBS, 0) == 1);
    free_suspended(is_signed != NULL);
    use_jobs();
    ASYNC_cleanup_thread();
    return NULL;
}

static void scenario(const char *name, EVP_PKEY *key, int of_version)
{
    int is_signed;
    pthread_t thread;

    version = of_version;
    server_ctx = engine_server(key, version);
    client_ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(server_ctx, SSL_MODE_ASYNC);
    for (is_signed = 0; is_signed < 2; is_signed++) {
        CHECK(pthread_create(&thread, NULL, run, is_signed ? &is_signed : NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        printf("%s, signed %s: %d connections freed while they wait, on a thread with %d jobs: it has them all\n",
               name, is_signed ? "before" : "after", ROUNDS * JOBS, JOBS);
    }
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(server_ctx);
}

int main(void)
{
    EVP_PKEY *ec = EVP_EC_gen("P-256"), *rsa = EVP_RSA_gen(2048);

    load_engine();
    CHECK(SSL_get_ex_new_index(0, NULL, NULL, NULL, count_gone) == 1);
    scenario("ECDSA, TLS 1.3", ec, TLS1_3_VERSION);
    scenario("RSA, TLS 1.2", rsa, TLS1_2_VERSION);
    unload_engine();
    EVP_PKEY_free(ec);
    EVP_PKEY_free(rsa);
    return 0;
}
