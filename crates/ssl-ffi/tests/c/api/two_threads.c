/*
 * One thread reads while another writes, on the same blocking connection and at both ends: what OpenSSL
 * does not promise and programs do. Every byte has to arrive, whoever blocks meanwhile.
 */
#include "self_signed.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOTAL (24u << 20)

static unsigned char byte_at(size_t i, unsigned seed)
{
    return (unsigned char)(i * 131 + (i >> 9) * 7 + seed);
}

struct lane {
    SSL *ssl;
    unsigned seed;
    size_t bad, moved;
    int failed;
};

static void *writer(void *arg)
{
    struct lane *lane = arg;
    static const size_t sizes[] = { 100, 16384, 40000, 1, 5000 };
    unsigned char *buf = malloc(40000);
    size_t k = 0, i;

    while (lane->moved < TOTAL) {
        size_t n = sizes[k++ % 5];
        int r;

        if (n > TOTAL - lane->moved)
            n = TOTAL - lane->moved;
        for (i = 0; i < n; i++)
            buf[i] = byte_at(lane->moved + i, lane->seed);
        r = SSL_write(lane->ssl, buf, (int)n);
        if (r != (int)n) {
            lane->failed = 1;
            break;
        }
        lane->moved += n;
    }
    free(buf);
    return NULL;
}

static void *reader(void *arg)
{
    struct lane *lane = arg;
    unsigned char *buf = malloc(20000);

    while (lane->moved < TOTAL) {
        int r = SSL_read(lane->ssl, buf, 20000), i;

        if (r <= 0) {
            lane->failed = 1;
            break;
        }
        for (i = 0; i < r; i++)
            lane->bad += buf[i] != byte_at(lane->moved + (size_t)i, lane->seed);
        lane->moved += (size_t)r;
    }
    free(buf);
    return NULL;
}

static void *shake(void *ssl)
{
    return SSL_do_handshake(ssl) == 1 ? ssl : NULL;
}

static void both_ways(int version, const char *label)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = self_signed(key);
    SSL_CTX *cctx = SSL_CTX_new(TLS_client_method()), *sctx = SSL_CTX_new(TLS_server_method());
    SSL *c, *s;
    struct lane up_w, up_r, down_w, down_r;
    pthread_t t[4];
    void *ok;
    int fd[2], i;

    SSL_CTX_use_certificate(sctx, cert);
    SSL_CTX_use_PrivateKey(sctx, key);
    SSL_CTX_set_min_proto_version(cctx, version);
    SSL_CTX_set_max_proto_version(cctx, version);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
        exit(2);
    c = SSL_new(cctx);
    s = SSL_new(sctx);
    SSL_set_fd(c, fd[0]);
    SSL_set_fd(s, fd[1]);
    SSL_set_connect_state(c);
    SSL_set_accept_state(s);
    pthread_create(&t[0], NULL, shake, s);
    i = SSL_do_handshake(c);
    pthread_join(t[0], &ok);
    printf("%s handshake %d %d\n", label, i, ok != NULL);

    up_w = (struct lane){ .ssl = c, .seed = 1 };
    up_r = (struct lane){ .ssl = s, .seed = 1 };
    down_w = (struct lane){ .ssl = s, .seed = 2 };
    down_r = (struct lane){ .ssl = c, .seed = 2 };
    pthread_create(&t[0], NULL, writer, &up_w);
    pthread_create(&t[1], NULL, writer, &down_w);
    pthread_create(&t[2], NULL, reader, &up_r);
    pthread_create(&t[3], NULL, reader, &down_r);
    for (i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    printf("%s up: written %zu read %zu bad %zu failed %d %d\n", label, up_w.moved, up_r.moved, up_r.bad, up_w.failed,
        up_r.failed);
    printf("%s down: written %zu read %zu bad %zu failed %d %d\n", label, down_w.moved, down_r.moved, down_r.bad,
        down_w.failed, down_r.failed);
    printf("%s shutdown %d %d\n", label, SSL_shutdown(c), SSL_shutdown(s));
    SSL_free(c);
    SSL_free(s);
    SSL_CTX_free(cctx);
    SSL_CTX_free(sctx);
    X509_free(cert);
    EVP_PKEY_free(key);
    close(fd[0]);
    close(fd[1]);
}

int main(void)
{
    both_ways(TLS1_2_VERSION, "1.2");
    both_ways(TLS1_3_VERSION, "1.3");
    return 0;
}
