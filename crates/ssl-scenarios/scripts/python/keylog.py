"""Both sides write the same secrets to their key logs, and messages are seen by the callback."""

import tempfile

from common import *


def secrets(context, action):
    with tempfile.NamedTemporaryFile() as file:
        context.keylog_filename = file.name
        seen = []
        context._msg_callback = lambda *arguments: seen.append(arguments)
        action()
        text = file.read()
    kinds = {int(kind) for _, _, _, _, kind, _ in seen}
    assert {CLIENT_HELLO, SERVER_HELLO, FINISHED} <= kinds, kinds
    assert {direction for _, direction, *_ in seen} == {"read", "write"}
    return b"\n".join(sorted(line for line in text.split(b"\n") if line and not line.startswith(b"#")))


def server(listener):
    for version in VERSIONS:
        context = server_context(version)

        def once():
            with context.wrap_socket(listener.accept()[0], server_side=True) as stream:
                assert read_exactly(stream, 1) == b"x"
                stream.sendall(b"y")
                stream.recv(1)

        mine = secrets(context, once)
        with server_context().wrap_socket(listener.accept()[0], server_side=True) as stream:
            stream.sendall(mine)


def client(address):
    for version in VERSIONS:
        context = client_context(version)

        def once():
            with connect(address, context) as stream:
                stream.sendall(b"x")
                assert read_exactly(stream, 1) == b"y"

        mine = secrets(context, once)
        with connect(address, client_context()) as stream:
            assert read_exactly(stream, len(mine)) == mine, "the key logs differ"
        labels = {line.split()[0] for line in mine.split(b"\n")}
        expected = {"TLSv1.2": {b"CLIENT_RANDOM"}}.get(version, TLS13)
        assert labels == expected, labels


TLS13 = {
    b"CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    b"SERVER_HANDSHAKE_TRAFFIC_SECRET",
    b"CLIENT_TRAFFIC_SECRET_0",
    b"SERVER_TRAFFIC_SECRET_0",
    b"EXPORTER_SECRET",
}

CLIENT_HELLO, SERVER_HELLO, FINISHED = 1, 2, 20

main(server, client)
