"""Sessions: reused when given, not when the server has none, and refused from another context."""

import ssl

from common import *


def server(listener):
    for version in VERSIONS:
        context = server_context(version)
        for reused in (False, True):
            serve_one(listener, context, reused)
        stats = context.session_stats()
        assert stats["accept"] == 2 and stats["accept_good"] == 2 and stats["hits"] == 1, stats
        # Other ticket keys: the client's session is of no use.
        serve_one(listener, server_context(version), False)
    context = server_context("TLSv1.3")
    context.num_tickets = 0
    serve_one(listener, context, False)


def serve_one(listener, context, reused):
    raw, _ = listener.accept()
    with context.wrap_socket(raw, server_side=True) as stream:
        assert stream.session_reused is reused
        stream.sendall(b"hello")
        assert stream.recv(5) == b"again"
        stream.unwrap()


def client(address):
    for version in VERSIONS:
        context = client_context(version)
        session = talk(address, context, None, False)
        assert session.has_ticket and session.timeout > 0 and session.time > 0, session
        if version == "TLSv1.2":
            assert session.id and session.ticket_lifetime_hint > 0
        elsewhere = client_context(version)
        refused(lambda: elsewhere.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), session=session), ValueError)
        again = talk(address, context, session, True)
        talk(address, context, again, False)
    assert not talk(address, client_context("TLSv1.3"), None, False).has_ticket


def talk(address, context, session, reused):
    with connect(address, context, session=session) as stream:
        assert stream.session_reused is reused
        # With TLS 1.3 the session arrives with the first data.
        assert read_exactly(stream, 5) == b"hello"
        session = stream.session
        stream.sendall(b"again")
        stream.unwrap()
        return session


main(server, client)
