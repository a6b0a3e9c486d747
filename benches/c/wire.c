#include "wire.h"

#include <stdlib.h>
#include <string.h>

/* The longest write with its records' overhead. Memory that is never reached costs nothing. */
#define CAPACITY (1100 * 1024)

struct wire {
    unsigned char *bytes;
    size_t length, read;
};

struct port {
    struct wire *incoming, *outgoing;
};

static struct wire up, down;
static struct port client = {&down, &up}, server = {&up, &down};
static struct calls calls;
static BIO_METHOD *method;

static int take(BIO *bio, const char *bytes, int length)
{
    struct wire *wire = ((struct port *)BIO_get_data(bio))->outgoing;

    BIO_clear_retry_flags(bio);
    if (wire->read == wire->length)
        wire->read = wire->length = 0;
    size_t n = CAPACITY - wire->length;
    if (n > (size_t)length)
        n = (size_t)length;
    if (n == 0) {
        BIO_set_retry_write(bio);
        return -1;
    }
    memcpy(wire->bytes + wire->length, bytes, n);
    wire->length += n;
    calls.writes++;
    return (int)n;
}

static int give(BIO *bio, char *space, int length)
{
    struct wire *wire = ((struct port *)BIO_get_data(bio))->incoming;

    BIO_clear_retry_flags(bio);
    size_t n = wire->length - wire->read;
    if (n > (size_t)length)
        n = (size_t)length;
    if (n == 0) {
        calls.blocked_reads++;
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(space, wire->bytes + wire->read, n);
    wire->read += n;
    calls.reads++;
    return (int)n;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

void wires_init(void)
{
    up.bytes = malloc(CAPACITY);
    down.bytes = malloc(CAPACITY);
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    if (up.bytes == NULL || down.bytes == NULL || method == NULL)
        abort();
    BIO_meth_set_write(method, take);
    BIO_meth_set_read(method, give);
    BIO_meth_set_ctrl(method, control);
}

static BIO *on(struct port *port)
{
    BIO *bio = BIO_new(method);

    if (bio == NULL)
        abort();
    BIO_set_data(bio, port);
    BIO_set_init(bio, 1);
    return bio;
}

BIO *wires_client(void)
{
    return on(&client);
}

BIO *wires_server(void)
{
    return on(&server);
}

struct calls wires_calls(void)
{
    return calls;
}
