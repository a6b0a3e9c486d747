/*
 * A server that serves a hundred clients on one thread through an engine that signs later: while some of
 * its handshakes wait for a signature, it goes on with the others. The engine holds its signatures back
 * until half of the clients wait for one, so a server that blocked in a call would never see the first.
 */
#include "engine_server.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>

static int clients;

/* One client of the server. */
struct served {
    SSL *ssl;
    int socket;
    int is_open;    /* its handshake is through */
    int is_waiting; /* for its signature */
    int is_over;
    int got, sent;
    char bytes[64];
};

static int epoll;
static int suspended, most_suspended;

static void watch(int operation, int fd, struct served *served)
{
    struct epoll_event event = { EPOLLIN, { served } };

    CHECK(epoll_ctl(epoll, operation, fd, &event) == 0);
}

static void count_suspended(struct served *served, int is_waiting)
{
    suspended += is_waiting - served->is_waiting;
    served->is_waiting = is_waiting;
    if (suspended > most_suspended)
        most_suspended = suspended;
}

/*
 * Lets the engine's descriptors be watched as it comes and goes with them. What went is told again until the
 * next pause, when its number may be another's: so this is called only after a call that went through a job
 * that had paused or pauses now.
 */
static void follow_descriptors(struct served *served)
{
    OSSL_ASYNC_FD added[4], removed[4];
    size_t add = 0, remove = 0;

    CHECK(SSL_get_changed_async_fds(served->ssl, NULL, &add, NULL, &remove) == 1);
    CHECK(add <= 4 && remove <= 4);
    CHECK(SSL_get_changed_async_fds(served->ssl, added, &add, removed, &remove) == 1);
    while (remove > 0)
        (void)epoll_ctl(epoll, EPOLL_CTL_DEL, removed[--remove], NULL);
    while (add > 0)
        watch(EPOLL_CTL_ADD, added[--add], served);
}

/* The handshake, then an echo, then the end; as far as it gets. */
static void serve(struct served *served)
{
    int result, error, was_waiting;

    for (;;) {
        was_waiting = served->is_waiting;
        if (!served->is_open)
            result = SSL_accept(served->ssl);
        else if (served->sent < served->got)
            result = SSL_write(served->ssl, served->bytes + served->sent,
                               served->got - served->sent);
        else
            result = SSL_read(served->ssl, served->bytes, sizeof(served->bytes));
        error = SSL_get_error(served->ssl, result);
        count_suspended(served, error == SSL_ERROR_WANT_ASYNC);
        CHECK(SSL_waiting_for_async(served->ssl) == (error == SSL_ERROR_WANT_ASYNC));
        if (was_waiting || served->is_waiting)
            follow_descriptors(served);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
            || error == SSL_ERROR_WANT_ASYNC)
            return;
        if (error == SSL_ERROR_ZERO_RETURN) {
            served->is_over = 1;
            return;
        }
        CHECK(error == SSL_ERROR_NONE);
        if (!served->is_open)
            served->is_open = 1;
        else if (served->sent < served->got)
            served->sent += result;
        else
            served->got = result, served->sent = 0;
    }
}

struct client {
    SSL *ssl;
    int socket;
    int state; /* handshake, write, read, over */
};

/* One step of one client; its messages differ, so that no answer is another's. */
static void step(struct client *client, int number)
{
    char message[64], answer[64];
    int length = snprintf(message, sizeof(message), "client %d says hello", number);
    int result = 0;

    switch (client->state) {
    case 0:
        result = SSL_connect(client->ssl);
        break;
    case 1:
        result = SSL_write(client->ssl, message, length);
        break;
    case 2:
        result = SSL_read(client->ssl, answer, sizeof(answer));
        if (result > 0)
            CHECK(result == length && memcmp(answer, message, (size_t)length) == 0);
        break;
    default:
        return;
    }
    CHECK(result > 0 || is_retry(client->ssl, result));
    if (result > 0 && ++client->state == 3)
        SSL_shutdown(client->ssl);
}

static void *all_clients(void *all)
{
    struct client *client = all;
    struct pollfd *polls = calloc((size_t)clients, sizeof(*polls));
    int i, over = 0;

    while (over < clients) {
        for (over = 0, i = 0; i < clients; i++) {
            step(&client[i], i);
            over += client[i].state == 3;
            polls[i].fd = client[i].state == 3 ? -1 : client[i].socket;
            polls[i].events = POLLIN;
        }
        if (over < clients)
            poll(polls, (nfds_t)clients, 1000);
    }
    free(polls);
    return NULL;
}

static void scenario(const char *name, EVP_PKEY *key, int version, int with_mode)
{
    SSL_CTX *server = engine_server(key, version), *client = SSL_CTX_new(TLS_client_method());
    struct served *served = calloc((size_t)clients, sizeof(*served));
    struct client *others = calloc((size_t)clients, sizeof(*others));
    struct later_counts before = engine_counts(), after;
    struct epoll_event events[16];
    pthread_t thread;
    int i, n, open = clients, sockets[2];

    suspended = most_suspended = 0;
    tell_engine(LATER_GATE, with_mode ? clients / 2 : 0);
    if (with_mode)
        SSL_CTX_set_mode(server, SSL_MODE_ASYNC);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    for (i = 0; i < clients; i++) {
        CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets) == 0);
        served[i].socket = sockets[0];
        others[i].socket = sockets[1];
        CHECK((served[i].ssl = SSL_new(server)) != NULL);
        CHECK((others[i].ssl = SSL_new(client)) != NULL);
        CHECK(SSL_set_fd(served[i].ssl, sockets[0]) == 1);
        CHECK(SSL_set_fd(others[i].ssl, sockets[1]) == 1);
        watch(EPOLL_CTL_ADD, sockets[0], &served[i]);
    }
    CHECK(pthread_create(&thread, NULL, all_clients, others) == 0);
    while (open > 0) {
        n = epoll_wait(epoll, events, 16, 60000);
        CHECK(n > 0);
        for (i = 0; i < n; i++) {
            struct served *one = events[i].data.ptr;

            if (one->is_over)
                continue;
            serve(one);
            if (one->is_over) {
                CHECK(epoll_ctl(epoll, EPOLL_CTL_DEL, one->socket, NULL) == 0);
                open--;
            }
        }
    }
    CHECK(pthread_join(thread, NULL) == 0);
    after = engine_counts();
    printf("%s: %d served, at least half suspended at once: %s, signed by the worker: %d, in place: %d\n",
           name, clients, most_suspended >= clients / 2 ? "yes" : "no",
           after.by_worker - before.by_worker == (unsigned long)clients,
           after.in_place - before.in_place == (unsigned long)clients);
    CHECK(suspended == 0);
    for (i = 0; i < clients; i++) {
        SSL_free(served[i].ssl);
        SSL_free(others[i].ssl);
        close(served[i].socket);
        close(others[i].socket);
    }
    close(epoll);
    free(served);
    free(others);
    SSL_CTX_free(server);
    SSL_CTX_free(client);
}

int main(void)
{
    EVP_PKEY *ec = EVP_EC_gen("P-256"), *rsa = EVP_RSA_gen(2048);

    clients = how_many(100);
    load_engine();
    scenario("RSA, TLS 1.2", rsa, TLS1_2_VERSION, 1);
    scenario("RSA, TLS 1.3", rsa, TLS1_3_VERSION, 1);
    scenario("ECDSA, TLS 1.2", ec, TLS1_2_VERSION, 1);
    scenario("ECDSA, TLS 1.3", ec, TLS1_3_VERSION, 1);
    scenario("RSA, TLS 1.3, without the mode", rsa, TLS1_3_VERSION, 0);
    scenario("ECDSA, TLS 1.2, without the mode", ec, TLS1_2_VERSION, 0);
    unload_engine();
    EVP_PKEY_free(ec);
    EVP_PKEY_free(rsa);
    ASYNC_cleanup_thread();
    return 0;
}
