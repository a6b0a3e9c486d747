/*
 * A library with OpenSSL's interface as a candidate: answers the commands that src/serve.rs describes, with the
 * same workloads over the same transport.
 *
 * candidate FOLDER [counted] [read-ahead]: FOLDER has chain.pem, key.pem and root.pem for each kind of key.
 */
#include "counted.h"
#include "wire.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HOST "localhost"
#define HYBRID "X25519MLKEM768"
#define LONGEST (1 << 20)
#define BATCH (1 << 20)
/* As in src/lane.rs: a connection is replaced before its key has sealed too many records. */
#define RECORDS_PER_CONNECTION (1L << 23)

static const char *folder;
static int is_counted, read_ahead;
static int counts_both; /* ends; else the server's alone */
static char *data, *out;

struct terms {
    const char *suite; /* as in src/suite.rs */
    const char *key;
    int resume, release, hybrid;
};

struct stack {
    SSL_CTX *client, *server;
};

struct pair {
    SSL *client, *server;
};

static SSL_SESSION *session; /* what a client offers */

/* An answer instead of numbers. */
static void fail(const char *what)
{
    char reason[200] = "";

    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    printf("error %s: %s\n", what, reason);
    exit(1);
}

#define TRY(expression) ((expression) ? (void)0 : fail(#expression))

/* Setting up. */

static int is_tls13(const struct terms *terms)
{
    return strncmp(terms->suite, "tls13", 5) == 0;
}

static void choose_suite(SSL_CTX *ctx, const struct terms *terms)
{
    const char *aead = strchr(terms->suite, '-') + 1;
    int is_rsa = strcmp(terms->key, "rsa2048") == 0;
    const char *name13 = "TLS_CHACHA20_POLY1305_SHA256", *end = "CHACHA20-POLY1305";
    char name12[64];

    if (strcmp(aead, "aes128gcm") == 0) {
        name13 = "TLS_AES_128_GCM_SHA256";
        end = "AES128-GCM-SHA256";
    } else if (strcmp(aead, "aes256gcm") == 0) {
        name13 = "TLS_AES_256_GCM_SHA384";
        end = "AES256-GCM-SHA384";
    }
    snprintf(name12, sizeof name12, "ECDHE-%s-%s", is_rsa ? "RSA" : "ECDSA", end);
    TRY(is_tls13(terms) ? SSL_CTX_set_ciphersuites(ctx, name13) : SSL_CTX_set_cipher_list(ctx, name12));
}

static SSL_CTX *context(const SSL_METHOD *method, const struct terms *terms)
{
    SSL_CTX *ctx = SSL_CTX_new(method);
    int version = is_tls13(terms) ? TLS1_3_VERSION : TLS1_2_VERSION;

    TRY(ctx);
    TRY(SSL_CTX_set_min_proto_version(ctx, version) && SSL_CTX_set_max_proto_version(ctx, version));
    choose_suite(ctx, terms);
    /* The first is what is used; the second is there for the curve of a TLS 1.2 certificate. */
    TRY(SSL_CTX_set1_groups_list(ctx, terms->hybrid ? HYBRID ":P-256" : "X25519:P-256"));
    SSL_CTX_set_read_ahead(ctx, read_ahead);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (!terms->resume)
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    if (terms->release)
        SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    return ctx;
}

static const char *file(const struct terms *terms, const char *name)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/%s/%s.pem", folder, terms->key, name);
    return path;
}

static struct stack stack_new(const struct terms *terms)
{
    struct stack stack = {context(TLS_client_method(), terms), context(TLS_server_method(), terms)};

    TRY(SSL_CTX_load_verify_locations(stack.client, file(terms, "root"), NULL));
    SSL_CTX_set_verify(stack.client, SSL_VERIFY_PEER, NULL);
    TRY(SSL_CTX_use_certificate_chain_file(stack.server, file(terms, "chain")));
    TRY(SSL_CTX_use_PrivateKey_file(stack.server, file(terms, "key"), SSL_FILETYPE_PEM));
    TRY(SSL_CTX_set_num_tickets(stack.server, terms->resume ? 1 : 0));
    SSL_SESSION_free(session);
    session = NULL;
    return stack;
}

static void stack_free(struct stack stack)
{
    SSL_CTX_free(stack.client);
    SSL_CTX_free(stack.server);
}

/* The ends of a connection. */

static SSL *client_new(const struct stack *stack)
{
    SSL *ssl = SSL_new(stack->client);

    TRY(ssl);
    BIO *bio = wires_client();
    SSL_set_bio(ssl, bio, bio);
    SSL_set_connect_state(ssl);
    TRY(SSL_set1_host(ssl, HOST) && SSL_set_tlsext_host_name(ssl, HOST));
    if (session != NULL)
        TRY(SSL_set_session(ssl, session));
    return ssl;
}

static SSL *server_new(const struct stack *stack)
{
    SSL *ssl = SSL_new(stack->server);

    TRY(ssl);
    BIO *bio = wires_server();
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    return ssl;
}

static int is_done(SSL *ssl)
{
    int result = SSL_do_handshake(ssl);

    if (result != 1 && SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ)
        fail("SSL_do_handshake");
    return result == 1;
}

static void write_all(SSL *ssl, const void *bytes, int length)
{
    TRY(SSL_write(ssl, bytes, length) == length);
}

/* What has arrived; 0 if that is nothing for the application. */
static int read_some(SSL *ssl, void *space, int length)
{
    int n = SSL_read(ssl, space, length);

    if (n <= 0 && SSL_get_error(ssl, n) != SSL_ERROR_WANT_READ)
        fail("SSL_read");
    return n > 0 ? n : 0;
}

/* Whether blocks that the server's calls allocate count. */
static void server_turn(int is_on)
{
    if (counts_both)
        return;
    if (is_on)
        counted_begin();
    else
        counted_end();
}

static struct pair handshake(const struct stack *stack)
{
    struct pair pair = {client_new(stack), NULL};

    server_turn(is_counted);
    pair.server = server_new(stack);
    server_turn(0);
    for (int turn = 0; turn < 20; turn++) {
        int client = is_done(pair.client);
        server_turn(is_counted);
        int server = is_done(pair.server);
        server_turn(0);
        if (client && server)
            return pair;
    }
    fail("the handshake does not end");
    return pair;
}

/* A handshake after which the client has read its ticket, if there is one. */
static struct pair connected(const struct stack *stack)
{
    struct pair pair = handshake(stack);
    char space[1];

    TRY(read_some(pair.client, space, 1) == 0);
    return pair;
}

static void pair_free(struct pair pair)
{
    /* As if closed: the session of a connection that ended otherwise is not offered again. */
    SSL_set_shutdown(pair.client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_set_shutdown(pair.server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(pair.client);
    SSL_free(pair.server);
}

static void read_all(SSL *ssl, int length)
{
    for (int read = 0, n; read < length; read += n)
        TRY((n = read_some(ssl, out + read, length - read)) > 0);
}

static void ping(struct pair pair)
{
    char byte[1];

    write_all(pair.client, "?", 1);
    TRY(read_some(pair.server, byte, 1) == 1 && byte[0] == '?');
    write_all(pair.server, "!", 1);
    TRY(read_some(pair.client, byte, 1) == 1 && byte[0] == '!');
}

/* The workloads. */

static double thread_time(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* How long a measurement takes: so many seconds, or so many times if that is not zero. */
struct slice {
    double seconds;
    long times;
};

/* Does the work until that is over; how often a second. Never inline, as it is what a profile is taken of. */
static __attribute__((noinline)) double per_second(struct slice slice, void (*work)(void *), void *argument)
{
    double start = thread_time(), elapsed;
    long times = 0;

    do {
        work(argument);
        times++;
        elapsed = thread_time() - start;
    } while (slice.times != 0 ? times < slice.times : elapsed < slice.seconds);
    return (double)times / elapsed;
}

/* A connection for bulk data, and how many records it may still carry. */
struct lane {
    char suite[32];
    int release, size, batch;
    long left;
    struct stack stack;
    struct pair pair;
};

static void carry(struct lane *lane)
{
    write_all(lane->pair.client, data, lane->size);
    read_all(lane->pair.server, lane->size);
}

static void connect_lane(struct lane *lane)
{
    if (lane->pair.client != NULL)
        pair_free(lane->pair);
    lane->pair = connected(&lane->stack);
    lane->left = RECORDS_PER_CONNECTION;
    memset(out, 0, (size_t)lane->size);
    carry(lane);
    TRY(memcmp(data, out, (size_t)lane->size) == 0);
}

static void carry_batch(void *argument)
{
    struct lane *lane = argument;

    if (lane->left <= 0)
        connect_lane(lane);
    for (int i = 0; i < lane->batch; i++)
        carry(lane);
    lane->left -= lane->batch * (lane->size / (1 << 14) + 1L);
}

static void bulk(const char *suite, int size, struct slice slice, int release)
{
    /* Connected at the first use; forty-eight are more than there are suites. */
    static struct lane lanes[48];
    struct lane *lane = lanes;
    struct terms terms = {suite, "p256", 0, release, 0};

    while (lane->suite[0] != 0 && (strcmp(lane->suite, suite) != 0 || lane->release != release))
        lane++;
    if (lane->suite[0] == 0) {
        snprintf(lane->suite, sizeof lane->suite, "%s", suite);
        lane->release = release;
        lane->stack = stack_new(&terms);
    }
    lane->size = size;
    lane->batch = size < BATCH ? BATCH / size : 1;
    if (lane->left <= 0)
        connect_lane(lane);
    double batches = per_second(slice, carry_batch, lane);
    printf("ok %f\n", batches * lane->batch * size / 1e6);
}

static int one_handshake(const struct stack *stack, int resume)
{
    struct pair pair = connected(stack);
    int resumed = SSL_session_reused(pair.server);

    if (resume) {
        SSL_SESSION_free(session);
        session = SSL_get1_session(pair.client);
    }
    pair_free(pair);
    return resumed;
}

struct workload {
    struct stack stack;
    int resume;
};

static void handshake_again(void *argument)
{
    struct workload *workload = argument;

    one_handshake(&workload->stack, workload->resume);
}

static void handshakes(const struct terms *terms, struct slice slice)
{
    struct workload workload = {stack_new(terms), terms->resume};

    /* The first has no session to offer, and warms caches up. */
    one_handshake(&workload.stack, terms->resume);
    TRY(one_handshake(&workload.stack, terms->resume) == terms->resume);
    printf("ok %f\n", per_second(slice, handshake_again, &workload));
    stack_free(workload.stack);
}

static int has_hybrid(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    int has = ctx != NULL && SSL_CTX_set1_groups_list(ctx, HYBRID);

    ERR_clear_error();
    SSL_CTX_free(ctx);
    return has;
}

/* What a handshake allocates, or a write of so many bytes and reading them: both ends. */
static void allocations(const struct terms *terms, int size)
{
    struct stack stack = stack_new(terms);
    struct pair pair = connected(&stack);

    one_handshake(&stack, terms->resume);
    for (int turn = 0; turn < 2; turn++) {
        counted_allocations = counted_allocated = 0;
        counts_both = 1;
        counted_begin();
        if (size > 0) {
            write_all(pair.client, data, size);
            read_all(pair.server, size);
        } else {
            one_handshake(&stack, terms->resume);
        }
        counted_end();
        counts_both = 0;
    }
    printf("ok %ld %ld\n", counted_allocations, counted_allocated);
    pair_free(pair);
    stack_free(stack);
}

static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *length,
                           const unsigned char *offered, unsigned int offered_length, void *argument)
{
    (void)ssl, (void)argument;
    if (SSL_select_next_proto((unsigned char **)chosen, length, (const unsigned char *)"\x08http/1.1", 9, offered,
                              offered_length) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    return SSL_TLSEXT_ERR_OK;
}

/* What servers usually set beside, and a client that asks for it. */
static struct stack usual_stack(const struct terms *terms)
{
    struct stack stack = stack_new(terms);

    TRY(SSL_CTX_set_session_id_context(stack.server, (const unsigned char *)HOST, sizeof HOST - 1));
    SSL_CTX_set_alpn_select_cb(stack.server, choose_protocol, NULL);
    SSL_CTX_set_options(stack.server, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION);
    TRY(SSL_CTX_set_alpn_protos(stack.client, (const unsigned char *)"\x08http/1.1", 9) == 0);
    return stack;
}

/* Connects and exchanges a request and a response. */
static struct pair left_idle(const struct stack *stack)
{
    struct pair pair = handshake(stack);

    write_all(pair.client, "request", 7);
    server_turn(is_counted);
    TRY(read_some(pair.server, out, 64) == 7);
    write_all(pair.server, "response", 8);
    TRY(read_some(pair.server, out, 64) == 0);
    server_turn(0);
    TRY(read_some(pair.client, out, 64) == 8);
    return pair;
}

static void owned(const struct terms *terms)
{
    struct stack stack = usual_stack(terms);
    struct pair warm = left_idle(&stack);
    long bytes = counted_bytes, blocks = counted_blocks;
    struct pair pair = left_idle(&stack);

    printf("ok %ld %ld\n", counted_bytes - bytes, counted_blocks - blocks);
    pair_free(pair);
    pair_free(warm);
    stack_free(stack);
}

static long resident(void)
{
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");

    TRY(statm != NULL && fscanf(statm, "%*d %ld", &pages) == 1);
    fclose(statm);
    return pages * sysconf(_SC_PAGESIZE);
}

static void idle(long count)
{
    struct terms terms = {"tls13-aes128gcm", "p256", 0, 1, 0};
    struct stack stack = stack_new(&terms);
    struct pair warm = left_idle(&stack), *held = malloc((size_t)count * sizeof *held);

    TRY(held);
    long before = resident();
    for (long i = 0; i < count; i++)
        held[i] = left_idle(&stack);
    long after = resident();
    for (long i = 0; i < count; i++)
        ping(held[i]);
    for (long i = 0; i < count; i++)
        pair_free(held[i]);
    free(held);
    pair_free(warm);
    stack_free(stack);
    printf("ok %ld\n", after - before);
}

static void calls(const char *suite)
{
    struct terms terms = {suite, "p256", 1, 0, 0};
    struct stack stack = stack_new(&terms);
    struct calls first = wires_calls();
    struct pair pair = handshake(&stack);

    ping(pair);
    struct calls small = wires_calls();
    write_all(pair.client, data, LONGEST);
    read_all(pair.server, LONGEST);
    struct calls all = wires_calls();
    printf("ok %lu %lu %lu %lu\n", small.writes + small.reads - first.writes - first.reads,
           small.blocked_reads - first.blocked_reads, all.writes - small.writes, all.reads - small.reads);
    pair_free(pair);
    stack_free(stack);
}

/* Connections over loopback sockets that are left idle, one process for each end, as in src/sockets.rs. */

static int listener = -1;
static SSL **held;
static long held_count;

static void raise_limit(long sockets)
{
    struct rlimit limit;

    TRY(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur < (rlim_t)sockets + 64)
        limit.rlim_cur = (rlim_t)sockets + 64;
    TRY(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void listen_on_loopback(long count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    raise_limit(count);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    TRY(listener >= 0 && bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, 128) == 0);
    TRY(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    printf("ok %d\n", ntohs(address.sin_port));
}

static void over(SSL *ssl, int socket)
{
    int one = 1;

    TRY(socket >= 0 && setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
    BIO *bio = BIO_new_socket(socket, BIO_CLOSE);
    TRY(bio);
    SSL_set_bio(ssl, bio, bio);
}

/* An end after its handshake, a request and a response: the server's if there is no port to connect to. */
static SSL *idle_end(const struct stack *stack, int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((unsigned short)port)};
    int is_server = port == 0, end = is_server ? accept(listener, NULL, NULL) : socket(AF_INET, SOCK_STREAM, 0);
    SSL *ssl = is_server ? server_new(stack) : client_new(stack);

    TRY(is_server || connect(end, (struct sockaddr *)&address, sizeof address) == 0);
    over(ssl, end);
    TRY(SSL_do_handshake(ssl) == 1);
    if (is_server) {
        TRY(SSL_read(ssl, out, 64) == 7);
        write_all(ssl, "response", 8);
        /* It looks for the next request, which has not come. */
        TRY(fcntl(end, F_SETFL, O_NONBLOCK) == 0 && read_some(ssl, out, 64) == 0 && fcntl(end, F_SETFL, 0) == 0);
    } else {
        write_all(ssl, "request", 7);
        TRY(SSL_read(ssl, out, 64) == 8);
    }
    return ssl;
}

static void hold(long count, int port)
{
    struct terms terms = {"tls13-aes128gcm", "p256", 0, 1, 0};
    struct stack stack = stack_new(&terms);

    raise_limit(count);
    held = malloc((size_t)count * sizeof *held);
    TRY(held);
    SSL *warm = idle_end(&stack, port);
    long before = resident();
    for (held_count = 0; held_count < count; held_count++)
        held[held_count] = idle_end(&stack, port);
    long after = resident();
    SSL_free(warm);
    stack_free(stack);
    printf("ok %ld\n", after - before);
}

static long pong_all(void)
{
    for (long i = 0; i < held_count; i++) {
        TRY(SSL_read(held[i], out, 1) == 1 && out[0] == '?');
        write_all(held[i], "!", 1);
    }
    return held_count;
}

static long ping_all(void)
{
    for (long i = 0; i < held_count; i++) {
        write_all(held[i], "?", 1);
        TRY(SSL_read(held[i], out, 1) == 1 && out[0] == '!');
    }
    return held_count;
}

/* Commands. */

/* `60`: milliseconds; `60x`: as often. */
static struct slice slice_of(const char *word)
{
    char *end;
    long number = strtol(word, &end, 10);
    struct slice slice = {(double)number / 1e3, *end == 'x' ? number : 0};

    return slice;
}

static void answer(const char *line)
{
    char suite[32], key[32], kind[32], slice[32];
    int size, release, port;
    long count;

    if (sscanf(line, "bulk %31s %d %31s %d", suite, &size, slice, &release) == 4 && size <= LONGEST) {
        bulk(suite, size, slice_of(slice), release);
    } else if (sscanf(line, "handshake %31s %31s %31s %31s", suite, key, kind, slice) == 4) {
        struct terms terms = {suite, key, strcmp(kind, "resumed") == 0, 0, strcmp(kind, "hybrid") == 0};
        if (!terms.hybrid || has_hybrid())
            handshakes(&terms, slice_of(slice));
        else
            printf("none\n");
    } else if (sscanf(line, "allocations %31s %31s", suite, kind) == 2) {
        struct terms terms = {suite, "p256", strcmp(kind, "resumed") == 0, 0, 0};
        size = atoi(kind);
        if (is_counted && size <= LONGEST)
            allocations(&terms, size);
        else
            printf("none\n");
    } else if (sscanf(line, "owned %31s %d", suite, &release) == 2) {
        struct terms terms = {suite, "p256", 1, release, 0};
        if (is_counted)
            owned(&terms);
        else
            printf("none\n");
    } else if (sscanf(line, "idle %ld", &count) == 1) {
        idle(count);
    } else if (sscanf(line, "listen %ld", &count) == 1) {
        listen_on_loopback(count);
    } else if (sscanf(line, "accept %ld", &count) == 1) {
        hold(count, 0);
    } else if (sscanf(line, "connect %d %ld", &port, &count) == 2) {
        hold(count, port);
    } else if (strcmp(line, "pong") == 0) {
        printf("ok %ld\n", pong_all());
    } else if (strcmp(line, "ping") == 0) {
        printf("ok %ld\n", ping_all());
    } else if (sscanf(line, "calls %31s", suite) == 1) {
        calls(suite);
    } else {
        printf("error %s: not a command\n", line);
    }
}

int main(int argc, char **argv)
{
    char line[200];

    if (argc < 2)
        return 2;
    folder = argv[1];
    for (int i = 2; i < argc; i++) {
        is_counted |= strcmp(argv[i], "counted") == 0;
        read_ahead |= strcmp(argv[i], "read-ahead") == 0;
    }
    if (is_counted && !counted_install())
        fail("counted_install");
    wires_init();
    data = malloc(LONGEST);
    out = malloc(LONGEST);
    if (data == NULL || out == NULL)
        return 1;
    for (int i = 0; i < LONGEST; i++)
        data[i] = (char)(i % 251);
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        answer(line);
        fflush(stdout);
    }
    return 0;
}
