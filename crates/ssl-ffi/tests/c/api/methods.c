/* Every version of TLS has its methods, also one that is not built in. */
#include <openssl/ssl.h>
#include <stdio.h>

/* sslscan takes NULL for no method asked for, and begins anew for ever. */
int main(void)
{
    printf("methods: %d%d%d %d%d%d %d%d%d\n", TLSv1_method() != NULL, TLSv1_client_method() != NULL,
           TLSv1_server_method() != NULL, TLSv1_1_method() != NULL, TLSv1_1_client_method() != NULL,
           TLSv1_1_server_method() != NULL, TLSv1_2_method() != NULL, TLSv1_2_client_method() != NULL,
           TLSv1_2_server_method() != NULL);
    return 0;
}
