/* What libcrypto's allocator hands out, counted while asked to. */
#ifndef COUNTED_H
#define COUNTED_H

/* Takes the allocator's place; before anything else of the library. */
int counted_install(void);

/* From now on blocks count, until they are freed; or no longer do. */
void counted_begin(void);
void counted_end(void);

/* What is held of those that count. */
extern long counted_bytes, counted_blocks;

/* How often memory was asked for while it counted, and how much. */
extern long counted_allocations, counted_allocated;

#endif
