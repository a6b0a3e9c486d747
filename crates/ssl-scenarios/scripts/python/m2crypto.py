"""M2Crypto: connections over BIOs of the library, verification, client certificates, sessions."""

from M2Crypto import SSL

from common import *

BULK = pattern(1 << 20)


def server(listener):
    port = listener.getsockname()[1]
    context = SSL.Context("tls")
    context.load_cert_chain(f"{PKI}/rsa.pem", f"{PKI}/rsa.key")
    context.load_verify_locations(f"{PKI}/root.pem")
    context.load_client_ca(f"{PKI}/root.pem")
    context.set_verify(SSL.verify_peer | SSL.verify_fail_if_no_peer_cert, 4)
    context.set_session_id_ctx(b"scenario")
    for _ in range(2):
        connection = accepted(listener, context)
        assert connection.accept_ssl() == 1
        assert connection.get_peer_cert().get_subject().CN == "client"
        received = b""
        while len(received) < len(BULK):
            received += connection.read(65_536)
        assert received == BULK
        connection.sendall(received)
        connection.close()
    for _ in range(2):
        connection = accepted(listener, context)
        refused(connection.accept_ssl, SSL.SSLError)


def accepted(listener, context):
    raw, address = listener.accept()
    connection = SSL.Connection(context, raw)
    connection.addr = address
    connection.setup_ssl()
    connection.set_accept_state()
    return connection


def client_of(authority, own):
    context = SSL.Context("tls")
    context.load_verify_locations(f"{PKI}/{authority}.pem")
    context.set_verify(SSL.verify_peer, 4)
    if own:
        context.load_cert_chain(f"{PKI}/{own}.pem", f"{PKI}/{own}.key")
    return context


def client(address):
    for cipher in ("ECDHE-RSA-AES128-GCM-SHA256", None):
        context = client_of("root", "client")
        if cipher:
            context.set_cipher_list(cipher)
            SSL.Context.set_options(context, 0x20000000)  # SSL_OP_NO_TLSv1_3
        connection = SSL.Connection(context)
        connection.set1_host("localhost")
        connection.connect(address)
        assert connection.get_version() == ("TLSv1.2" if cipher else "TLSv1.3"), connection.get_version()
        assert connection.get_cipher().name() == (cipher or "TLS_AES_256_GCM_SHA384")
        assert connection.get_peer_cert().get_subject().CN == "localhost"
        assert len(connection.get_peer_cert_chain()) == 2
        sender = in_thread(connection.sendall, BULK)
        received = b""
        while len(received) < len(BULK):
            received += connection.read(65_536)
        sender.join()
        assert received == BULK
        connection.close()
    error = refused(lambda: SSL.Connection(client_of("stranger", "client")).connect(address), SSL.SSLError)
    assert "certificate verify failed" in str(error), error

    def shut_out():
        connection = SSL.Connection(client_of("root", "strange-client"))
        connection.connect(address)
        # With TLS 1.3 the client learns it from its first read.
        if connection.read(1):
            return "served"
        raise SSL.SSLError("closed")

    refused(shut_out, SSL.SSLError)
    refused(lambda: SSL.Context("tls").load_cert(f"{PKI}/rsa.pem", f"{PKI}/client-rsa.key"), Exception)


main(server, client)
