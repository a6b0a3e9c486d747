"""TLS without a socket: MemoryBIO on both sides, records carried by hand, some in pieces."""

import ssl

from common import *

BULK = pattern(3 << 20)


class Pump:
    """An SSLObject over a socket that it does not know of."""

    def __init__(self, raw, context, **options):
        self.raw, self.incoming, self.outgoing = raw, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(self.incoming, self.outgoing, **options)

    def call(self, action, *arguments):
        while True:
            try:
                result = action(*arguments)
            except ssl.SSLWantReadError:
                self.push()
                self.pull()
            else:
                self.push()
                return result

    def push(self):
        while self.outgoing.pending:
            # Odd sizes, so that records are cut everywhere.
            self.raw.sendall(self.outgoing.read(4099))

    def pull(self):
        data = self.raw.recv(3001)
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()


def play(pump, version):
    assert pump.object.version() is None
    refused(lambda: pump.object.read(1), ssl.SSLWantReadError) if not pump.object.server_side else None
    pump.call(pump.object.do_handshake)
    assert pump.object.version() == version
    at = 0
    if pump.object.server_side:
        while at < len(BULK):
            at += pump.call(pump.object.write, BULK[at : at + 50_000])
    else:
        parts = []
        while at < len(BULK):
            parts.append(pump.call(pump.object.read, 65_536))
            at += len(parts[-1])
        assert b"".join(parts) == BULK
    pump.call(pump.object.unwrap)
    assert pump.outgoing.pending == 0


def server(listener):
    for version in VERSIONS:
        raw, _ = listener.accept()
        with raw:
            play(Pump(raw, server_context(version), server_side=True), version)


def client(address):
    for version in VERSIONS:
        with socket.create_connection(address) as raw:
            play(Pump(raw, client_context(version), server_hostname="localhost"), version)


main(server, client)
