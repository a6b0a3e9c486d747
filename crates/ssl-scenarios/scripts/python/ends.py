"""The end of a connection: with close_notify, without it, and in the midst of a handshake."""

import ssl

from common import *


def server(listener):
    for version in VERSIONS:
        context = server_context(version)
        with accept(listener, context) as stream:
            stream.sendall(b"clean")
            stream.unwrap()
        stream = accept(listener, context)
        stream.sendall(b"ragged")
        stream.close()
        stream = accept(listener, context)
        stream.sendall(b"ragged")
        stream.close()
    # Read first: closing a socket with unread data resets the connection.
    raw, _ = listener.accept()
    raw.recv(4096)
    raw.close()
    raw, _ = listener.accept()
    raw.recv(4096)
    raw.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
    raw.close()


def accept(listener, context):
    raw, _ = listener.accept()
    return context.wrap_socket(raw, server_side=True)


def client(address):
    for version in VERSIONS:
        context = client_context(version)
        with connect(address, context) as stream:
            assert read_exactly(stream, 5) == b"clean"
            assert stream._sslobj.read(1) == b"", "close_notify is the end of the stream"
        strict = client_context(version)
        strict.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        with connect(address, strict, suppress_ragged_eofs=False) as stream:
            assert read_exactly(stream, 6) == b"ragged"
            error = refused(lambda: stream.recv(1))
            assert error.reason == "UNEXPECTED_EOF_WHILE_READING", error
        with connect(address, context) as stream:
            assert read_exactly(stream, 6) == b"ragged"
            assert stream.recv(1) == b""
    error = refused(lambda: connect(address, client_context()))
    assert isinstance(error, ssl.SSLZeroReturnError), error
    error = refused(lambda: connect(address, client_context()))
    assert error.reason == "WRONG_VERSION_NUMBER", error


main(server, client)
