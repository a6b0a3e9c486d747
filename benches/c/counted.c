#include "counted.h"

#include <openssl/crypto.h>
#include <stdlib.h>

/* In front of each block; as long as what malloc aligns to. */
struct header {
    size_t length;
    long counts;
};

long counted_bytes, counted_blocks, counted_allocations, counted_allocated;
static long counting;

static void *note(struct header *header, size_t length, long counts)
{
    header->length = length;
    header->counts = counts;
    if (counts) {
        counted_bytes += (long)length;
        counted_blocks++;
    }
    return header + 1;
}

static void forget(const struct header *header)
{
    if (header->counts) {
        counted_bytes -= (long)header->length;
        counted_blocks--;
    }
}

static void *get(size_t length, const char *file, int line)
{
    (void)file, (void)line;
    struct header *header = length > 0 ? malloc(sizeof *header + length) : NULL;
    if (header != NULL && counting) {
        counted_allocations++;
        counted_allocated += (long)length;
    }
    return header == NULL ? NULL : note(header, length, counting);
}

static void put(void *block, const char *file, int line)
{
    (void)file, (void)line;
    if (block == NULL)
        return;
    struct header *header = (struct header *)block - 1;
    forget(header);
    free(header);
}

static void *change(void *block, size_t length, const char *file, int line)
{
    if (block == NULL)
        return get(length, file, line);
    if (length == 0) {
        put(block, file, line);
        return NULL;
    }
    struct header *old = (struct header *)block - 1, before = *old;
    struct header *new = realloc(old, sizeof *new + length);
    if (new == NULL)
        return NULL;
    forget(&before);
    if (counting) {
        counted_allocations++;
        counted_allocated += (long)length;
    }
    return note(new, length, before.counts);
}

int counted_install(void)
{
    return CRYPTO_set_mem_functions(get, change, put);
}

void counted_begin(void)
{
    counting = 1;
}

void counted_end(void)
{
    counting = 0;
}
