/*
 * What the programs of this folder share: the engine, loaded from the file that LATER_ENGINE names, and a
 * server's context whose key is in it.
 */
#ifndef ENGINE_SERVER_H
#define ENGINE_SERVER_H

#define _GNU_SOURCE
#include <sys/mman.h>

#include "../stress/endpoint.h"
#include "later.h"

#include <openssl/async.h>

static ENGINE *engine;

/* How many connections there are, unless the environment says. */
static inline int how_many(int usual)
{
    const char *told = getenv("LATER_COUNT");

    return told == NULL ? usual : atoi(told);
}

static inline void load_engine(void)
{
    const char *path = getenv("LATER_ENGINE");

    ENGINE_load_dynamic();
    engine = ENGINE_by_id("dynamic");
    CHECK(path != NULL && engine != NULL);
    CHECK(ENGINE_ctrl_cmd_string(engine, "SO_PATH", path, 0) == 1);
    CHECK(ENGINE_ctrl_cmd_string(engine, "LOAD", NULL, 0) == 1);
    CHECK(ENGINE_init(engine) == 1);
}

static inline void unload_engine(void)
{
    CHECK(ENGINE_finish(engine) == 1);
    CHECK(ENGINE_free(engine) == 1);
}

static inline void tell_engine(int command, long number)
{
    CHECK(ENGINE_ctrl(engine, command, number, NULL, NULL) == 1);
}

static inline struct later_counts engine_counts(void)
{
    struct later_counts counts;

    CHECK(ENGINE_ctrl(engine, LATER_COUNTS, 0, &counts, NULL) == 1);
    return counts;
}

/* A certificate with this key, and a context of a server whose key is the engine's copy of it. */
static inline SSL_CTX *engine_server(EVP_PKEY *key, int version)
{
    char path[64];
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    X509 *certificate = X509_new();
    EVP_PKEY *theirs;
    FILE *file;
    int fd = memfd_create("key", MFD_CLOEXEC);

    CHECK(ctx != NULL && certificate != NULL && fd >= 0 && (file = fdopen(fd, "w")) != NULL);
    CHECK(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
    CHECK(fflush(file) == 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    theirs = ENGINE_load_private_key(engine, path, NULL, NULL);
    fclose(file);
    CHECK(theirs != NULL);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    CHECK(X509_sign(certificate, key, EVP_sha256()));
    CHECK(SSL_CTX_use_certificate(ctx, certificate) == 1);
    CHECK(SSL_CTX_use_PrivateKey(ctx, theirs) == 1);
    CHECK(SSL_CTX_set_min_proto_version(ctx, version) == 1);
    CHECK(SSL_CTX_set_max_proto_version(ctx, version) == 1);
    EVP_PKEY_free(theirs);
    X509_free(certificate);
    return ctx;
}

#endif
