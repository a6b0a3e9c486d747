/*
 * A server that serves a hundred clients on one thread through an engine that signs later: while some of
 * its handshakes wait for a signature, it goes on with the others. The engine holds its signatures back
 * until all of the clients wait for one, so a server that blocked in a call would never see the first. It
 * learns of signatures in each of the ways that there are.
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

/* How the server learns that a signature is there. */
static enum { CHANGED_FDS, ALL_FDS, CALLBACK, WITHOUT_MODE } way;

static int epoll, called[2];
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

/* Runs on the engine's thread. */
static int call_back(SSL *ssl, void *arg)
{
    CHECK(((struct served *)arg)->ssl == ssl);
    return write(called[1], &arg, sizeof(arg)) == sizeof(arg);
}

/* Watches what is there; the engine closes it, which ends that. */
static void watch_all(struct served *served)
{
    OSSL_ASYNC_FD fd = -1;
    size_t count = 0;

    CHECK(SSL_get_all_async_fds(served->ssl, NULL, &count) == 1 && count == 1);
    CHECK(SSL_get_all_async_fds(served->ssl, &fd, &count) == 1);
    watch(EPOLL_CTL_ADD, fd, served);
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
        if (way == CHANGED_FDS && (was_waiting || served->is_waiting))
            follow_descriptors(served);
        if (way == ALL_FDS && served->is_waiting && !was_waiting)
            watch_all(served);
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

/* An event of a connection's, or NULL for the pipe of callbacks: whether the connection is over now. */
static int serve_event(struct served *served)
{
    if (served == NULL)
        CHECK(read(called[0], &served, sizeof(served)) == sizeof(served));
    if (served->is_over)
        return 0;
    serve(served);
    if (served->is_over)
        CHECK(epoll_ctl(epoll, EPOLL_CTL_DEL, served->socket, NULL) == 0);
    return served->is_over;
}

static void scenario(const char *name, EVP_PKEY *key, int version)
{
    static const char *const ways[] = { "changed descriptors", "all descriptors", "callback",
                                        "without the mode" };
    SSL_CTX *server = engine_server(key, version), *client = SSL_CTX_new(TLS_client_method());
    struct served *served = calloc((size_t)clients, sizeof(*served));
    struct client *others = calloc((size_t)clients, sizeof(*others));
    struct later_counts before = engine_counts(), after;
    struct epoll_event events[16];
    pthread_t thread;
    int i, n, open = clients, sockets[2], expected = way == WITHOUT_MODE ? 0 : clients;

    suspended = most_suspended = 0;
    tell_engine(LATER_GATE, expected);
    if (way != WITHOUT_MODE)
        SSL_CTX_set_mode(server, SSL_MODE_ASYNC);
    if (way == CALLBACK)
        CHECK(SSL_CTX_set_async_callback(server, call_back) == 1);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    CHECK(epoll >= 0 && pipe(called) == 0);
    watch(EPOLL_CTL_ADD, called[0], NULL);
    for (i = 0; i < clients; i++) {
        CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets) == 0);
        served[i].socket = sockets[0];
        others[i].socket = sockets[1];
        CHECK((served[i].ssl = SSL_new(server)) != NULL);
        CHECK((others[i].ssl = SSL_new(client)) != NULL);
        CHECK(SSL_set_async_callback_arg(served[i].ssl, &served[i]) == 1);
        CHECK(SSL_set_fd(served[i].ssl, sockets[0]) == 1);
        CHECK(SSL_set_fd(others[i].ssl, sockets[1]) == 1);
        watch(EPOLL_CTL_ADD, sockets[0], &served[i]);
    }
    CHECK(pthread_create(&thread, NULL, all_clients, others) == 0);
    while (open > 0) {
        n = epoll_wait(epoll, events, 16, 60000);
        CHECK(n > 0);
        for (i = 0; i < n; i++)
            open -= serve_event(events[i].data.ptr);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    after = engine_counts();
    printf("%s, %s: %d served, %d suspended at once, %lu signed by the worker, %lu in place\n", name,
           ways[way], clients, most_suspended, after.by_worker - before.by_worker,
           after.in_place - before.in_place);
    CHECK(most_suspended == expected);
    CHECK(suspended == 0);
    for (i = 0; i < clients; i++) {
        SSL_free(served[i].ssl);
        SSL_free(others[i].ssl);
        close(served[i].socket);
        close(others[i].socket);
    }
    close(epoll);
    close(called[0]);
    close(called[1]);
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
    for (way = CHANGED_FDS; way <= WITHOUT_MODE; way++) {
        scenario("RSA, TLS 1.2", rsa, TLS1_2_VERSION);
        scenario("RSA, TLS 1.3", rsa, TLS1_3_VERSION);
        scenario("ECDSA, TLS 1.2", ec, TLS1_2_VERSION);
        scenario("ECDSA, TLS 1.3", ec, TLS1_3_VERSION);
    }
    unload_engine();
    EVP_PKEY_free(ec);
    EVP_PKEY_free(rsa);
    ASYNC_cleanup_thread();
    return 0;
}
