/* SSL_select_next_proto: the protocol picked from two lists, whole, empty and cut short. */
#include <stdio.h>
#include <openssl/ssl.h>

static void check(const char *name, const char *server, unsigned server_len,
    const char *client, unsigned client_len)
{
    const unsigned char *s = (const unsigned char *)server;
    const unsigned char *c = (const unsigned char *)client;
    unsigned char *out = (unsigned char *)"untouched";
    unsigned char len = 77;
    int ret = SSL_select_next_proto(&out, &len, s, server_len, c, client_len);
    const char *list = out == NULL ? "none"
        : out >= s && out < s + server_len ? "server"
        : out >= c && out < c + client_len ? "client" : "elsewhere";

    printf("%s: %d from %s, %d bytes: %.*s\n", name, ret, list, len, len,
        out == NULL ? "" : (const char *)out);
}

#define CHECK(name, server, client) \
    check(name, server, sizeof(server) - 1, client, sizeof(client) - 1)

int main(void)
{
    CHECK("same", "\2h2", "\2h2");
    CHECK("the server's order", "\2h2\10http/1.1", "\10http/1.1\2h2");
    CHECK("second of the server", "\3foo\2h2", "\2h2\3bar");
    CHECK("no overlap", "\3foo", "\3bar\2h2");
    CHECK("empty server list", "", "\2h2");
    CHECK("empty client list", "\2h2", "");
    CHECK("both empty", "", "");
    CHECK("empty name first in the client's", "\2h2", "\0\2h2");
    CHECK("empty name first in the server's", "\0\2h2", "\2h2");
    CHECK("empty names only", "\0", "\0");
    CHECK("server list cut short", "\2h2\5ab", "\5abcde\2h2");
    CHECK("client list cut short", "\2h2", "\3foo\5h2");
    CHECK("client's first cut short", "\2h2", "\5h2");
    CHECK("a name that begins another", "\1h\2h2", "\2h2\1h");
    return 0;
}
