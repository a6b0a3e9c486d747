/*
 * For programs that count the heap. The C library's per-thread caches count as in use: a program starts
 * itself again without them, and what it then prints is not on the heap that it measures.
 */
#ifndef EXACT_HEAP_H
#define EXACT_HEAP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void need_exact_heap(char **argv)
{
    static char printed[BUFSIZ];

    if (getenv("GLIBC_TUNABLES") == NULL) {
        setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1);
        execv("/proc/self/exe", argv);
        perror("cannot start again");
        exit(1);
    }
    setvbuf(stdout, printed, _IOLBF, sizeof(printed));
}

#endif
