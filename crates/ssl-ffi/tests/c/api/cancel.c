/*
 * A thread is cancelled in a handshake that waits for its peer: the thread ends as cancelled, in the call or
 * behind it, its clean-up is done, and the process and the connection live on.
 */
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int cleaned;

static void clean(void *arg)
{
    (void)arg;
    cleaned++;
}

static void *shake(void *arg)
{
    pthread_cleanup_push(clean, NULL);
    SSL_do_handshake(arg);
    for (;;)
        pthread_testcancel();
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    int rounds;

    signal(SIGPIPE, SIG_IGN);
    for (rounds = 0; rounds < 8; rounds++) {
        SSL *ssl = SSL_new(ctx);
        pthread_t thread;
        void *result = NULL;
        char hello;
        int ends[2];

        if (ssl == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || SSL_set_fd(ssl, ends[0]) != 1)
            return 1;
        SSL_set_connect_state(ssl);
        if (pthread_create(&thread, NULL, shake, ssl) != 0)
            return 1;
        /* In every other round it is in the middle of the handshake, in the others wherever it is. */
        if (rounds % 2 == 1 && read(ends[1], &hello, 1) != 1)
            return 1;
        pthread_cancel(thread);
        close(ends[1]);
        pthread_join(thread, &result);
        if (result != PTHREAD_CANCELED) {
            printf("round %d: the thread was not cancelled\n", rounds);
            return 1;
        }
        SSL_free(ssl);
        close(ends[0]);
    }
    SSL_CTX_free(ctx);
    printf("cleaned up %d of %d\n", cleaned, rounds);
    return cleaned == rounds ? 0 : 1;
}
