"""Sockets that never block: writes that fill the buffers of the kernel are repeated until they are through."""

import select
import ssl

from common import *

BULK = pattern(4 << 20)


def repeat(stream, action, *arguments):
    """How often the call was refused for want of data, for want of room, and what it returned."""
    reads = writes = 0
    while True:
        try:
            return reads, writes, action(*arguments)
        except ssl.SSLWantReadError:
            reads += 1
            select.select([stream], [], [], 30)
        except ssl.SSLWantWriteError:
            writes += 1
            select.select([], [stream], [], 30)


def start(raw, context, **options):
    raw.setblocking(False)
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        raw.setsockopt(socket.SOL_SOCKET, option, 16_384)
    stream = context.wrap_socket(raw, do_handshake_on_connect=False, **options)
    repeat(stream, stream.do_handshake)
    return stream


def send(stream):
    at = blocked = 0
    while at < len(BULK):
        _, writes, count = repeat(stream, stream.send, BULK[at : at + 300_000])
        at, blocked = at + count, blocked + writes
    assert blocked, "no write was ever refused"


def receive(stream):
    digest, size = hashlib.sha256(), 0
    while size < len(BULK):
        part = repeat(stream, stream.recv, 100_000)[2]
        assert part, "too few bytes"
        digest.update(part)
        size += len(part)
    assert digest.digest() == hashlib.sha256(BULK).digest()


def server(listener):
    for version in VERSIONS:
        stream = start(listener.accept()[0], server_context(version), server_side=True)
        receive(stream)
        send(stream)
        repeat(stream, stream.unwrap)


def client(address):
    for version in VERSIONS:
        raw = socket.create_connection(address)
        stream = start(raw, client_context(version), server_hostname="localhost")
        send(stream)
        receive(stream)
        repeat(stream, stream.unwrap)


main(server, client)
