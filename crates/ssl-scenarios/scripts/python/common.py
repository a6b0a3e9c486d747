"""What the scripts share: contexts with the certificates of the run, and the choice between the two roles."""

import hashlib
import os
import socket
import ssl
import sys
import threading

PKI = os.environ["PKI"]
VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


def server_context(version=None, name="rsa"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{PKI}/{name}.pem", f"{PKI}/{name}.key")
    return limited(context, version)


def client_context(version=None, authority="root"):
    context = ssl.create_default_context(cafile=f"{PKI}/{authority}.pem")
    return limited(context, version)


def limited(context, version):
    if version:
        context.minimum_version = context.maximum_version = VERSIONS[version]
    return context


def connect(address, context, name="localhost", **options):
    return context.wrap_socket(socket.create_connection(address), server_hostname=name, **options)


def read_exactly(stream, size):
    parts = []
    while size:
        part = stream.recv(min(size, 1 << 20))
        if not part:
            raise EOFError(f"{size} bytes are missing")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def pattern(size, seed=0):
    """Bytes in which a swapped, repeated or dropped part shows."""
    block = b"".join(hashlib.sha256(b"%d %d" % (seed, number)).digest() for number in range(2048))
    return (b"".join(block[number:] + block[:number] for number in range(size // len(block) + 1)))[:size]


def refused(action, exception=ssl.SSLError):
    """What `action` raises; it is a mistake if it raises nothing."""
    try:
        result = action()
    except exception as error:
        return error
    raise AssertionError(f"not refused: {result!r}")


def in_thread(action, *arguments):
    thread = threading.Thread(target=action, args=arguments, daemon=True)
    thread.start()
    return thread


def main(server, client):
    """Plays the role that the command line names: `server PORT` or `client PORT`."""
    role, port = sys.argv[1], int(sys.argv[2])
    if role == "server":
        with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
            server(listener)
    else:
        client(("127.0.0.1", port))
    print("done")
