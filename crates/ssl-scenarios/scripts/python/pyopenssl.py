"""pyOpenSSL: callbacks, facts, sessions, stapling, and connections without a socket."""

import select

from OpenSSL import SSL, crypto

from common import *

BULK = pattern(2 << 20)
LIMITS = {"TLSv1.2": SSL.TLS1_2_VERSION, "TLSv1.3": SSL.TLS1_3_VERSION}


def context(version, name=None):
    made = SSL.Context(SSL.TLS_METHOD)
    made.set_min_proto_version(LIMITS[version])
    made.set_max_proto_version(LIMITS[version])
    # The modes are ORed: what was set stays.
    before = made.set_mode(0)
    after = made.set_mode(SSL.MODE_RELEASE_BUFFERS)
    assert after == before | SSL.MODE_RELEASE_BUFFERS, (before, after)
    assert made.set_mode(0) == after
    states, secrets = [], []
    made.set_info_callback(lambda connection, where, code: states.append((where, connection.get_state_string())))
    made.set_keylog_callback(lambda connection, line: secrets.append(line))
    if name:
        made.use_certificate_chain_file(f"{PKI}/{name}.pem")
        made.use_privatekey_file(f"{PKI}/{name}.key")
        made.check_privatekey()
    return made, states, secrets


def bulk(connection, is_server):
    if is_server:
        received = b""
        while len(received) < len(BULK):
            received += connection.recv(65_536)
        assert received == BULK
        connection.sendall(received)
    else:
        connection.sendall(BULK)
        assert connection.recv(10, socket.MSG_PEEK) == BULK[:10]
        received = b""
        while len(received) < len(BULK):
            received += connection.recv(65_536)
        assert received == BULK


def facts(connection, version, states, secrets):
    assert connection.get_protocol_version_name() == version
    assert connection.get_cipher_version() == version and connection.get_cipher_bits() in (128, 256)
    assert connection.get_state_string() == b"SSL negotiation finished successfully"
    kinds = {where & ~0xFFF for where, _ in states}
    assert any(where & SSL.SSL_CB_HANDSHAKE_START for where, _ in states)
    assert any(where & SSL.SSL_CB_HANDSHAKE_DONE for where, _ in states), kinds
    expected = b"CLIENT_RANDOM" if version == "TLSv1.2" else b"SERVER_TRAFFIC_SECRET_0"
    assert any(line.startswith(expected) for line in secrets), secrets
    return connection.export_keying_material(b"EXPERIMENTAL scenario", 32, b"context")


def server(listener):
    for version in VERSIONS:
        made, states, secrets = context(version, "rsa")
        # A connection that is switched to it has its authorities and its callbacks, not those of the first.
        other, _, _ = context(version, "alpha")
        other.load_verify_locations(f"{PKI}/root.pem")
        names = []

        def choose(connection):
            names.append(connection.get_servername())
            if names[-1] == b"alpha.test":
                connection.set_context(other)

        made.set_tlsext_servername_callback(choose)
        made.set_alpn_select_callback(lambda connection, offered: b"echo" if b"echo" in offered else SSL.NO_OVERLAPPING_PROTOCOLS)
        made.set_session_id(b"scenario")
        with open(f"{PKI}/rsa.ocsp", "rb") as file:
            made.set_ocsp_server_callback(lambda connection, data: data, file.read())
        made.load_client_ca(f"{PKI}/root.pem".encode())
        made.load_verify_locations(f"{PKI}/root.pem")
        made.set_verify(SSL.VERIFY_PEER, lambda connection, certificate, code, depth, ok: ok)
        for turn in range(3):
            connection = SSL.Connection(made, listener.accept()[0])
            connection.set_accept_state()
            connection.do_handshake()
            material = facts(connection, version, states, secrets)
            assert names[-1] == (b"alpha.test" if turn == 2 else b"localhost"), names
            connection.sendall(material)
            subject = connection.get_peer_certificate().get_subject()
            assert subject.CN == "client", subject
            names_sent = [name.CN for name in connection.get_client_ca_list()]
            assert names_sent == ([] if turn == 2 else ["Scenario Root"]), names_sent
            bulk(connection, True)
            connection.shutdown()
            try:
                connection.recv(1)
            except SSL.ZeroReturnError:
                pass


def client(address):
    refusals()
    for version in VERSIONS:
        made, states, secrets = context(version)
        made.use_certificate_chain_file(f"{PKI}/client.pem")
        made.use_privatekey_file(f"{PKI}/client.key")
        made.load_verify_locations(f"{PKI}/root.pem")
        seen, stapled = [], []
        made.set_verify(SSL.VERIFY_PEER, lambda connection, certificate, code, depth, ok: seen.append((depth, certificate.get_subject().CN)) or ok)
        made.set_alpn_protos([b"nope", b"echo"])
        made.set_ocsp_client_callback(lambda connection, response, data: stapled.append(response) or True)
        session = None
        for turn in range(3):
            name = b"alpha.test" if turn == 2 else b"localhost"
            connection = SSL.Connection(made, socket.create_connection(address))
            connection.set_tlsext_host_name(name)
            connection.request_ocsp()
            if turn == 1:
                connection.set_session(session)
            connection.set_connect_state()
            connection.do_handshake()
            material = facts(connection, version, states, secrets)
            assert connection.recv(32) == material, "the ends export different keys"
            assert connection.get_peer_certificate().get_subject().CN == name.decode()
            assert connection.get_alpn_proto_negotiated() == (b"" if turn == 2 else b"echo")
            assert len(connection.client_random()) == 32 and len(connection.master_key()) >= 32
            if turn == 0:
                assert (0, "localhost") in seen and (2, "Scenario Root") in seen, seen
                with open(f"{PKI}/rsa.ocsp", "rb") as file:
                    assert stapled == [file.read()]
            bulk(connection, False)
            session = connection.get_session()
            connection.shutdown()
            connection.close()
    memory()


def memory():
    """A client and a server in one process, with nothing between them but bytes."""
    for version in VERSIONS:
        made, _, _ = context(version, "ecdsa")
        far = SSL.Connection(made)
        far.set_accept_state()
        plain, _, _ = context(version)
        near = SSL.Connection(plain)
        near.set_connect_state()

        def carry():
            for source, sink in ((near, far), (far, near)):
                try:
                    sink.bio_write(source.bio_read(1 << 16))
                except SSL.WantReadError:
                    pass

        waiting = [near, far]
        while waiting:
            for end in list(waiting):
                try:
                    end.do_handshake()
                    waiting.remove(end)
                except SSL.WantReadError:
                    carry()
        assert near.get_finished() == far.get_peer_finished()
        near.send(b"over memory")
        carry()
        assert far.recv(100) == b"over memory"
        near.shutdown()
        carry()
        refused(lambda: far.recv(1), SSL.ZeroReturnError)


def refusals():
    made = SSL.Context(SSL.TLS_METHOD)
    made.use_certificate_file(f"{PKI}/rsa-leaf.pem")
    error = refused(lambda: made.use_privatekey_file(f"{PKI}/client-rsa.key"), SSL.Error)
    assert "key values mismatch" in str(error), error
    refused(lambda: made.set_cipher_list(b"NOPE"), SSL.Error)
    asked = []
    made.set_passwd_cb(lambda size, again, data: asked.append(size) or b"secret")
    made.use_privatekey_file(f"{PKI}/rsa-locked.key")
    assert asked
    made.set_cipher_list(b"ECDHE+AESGCM:!ECDSA")
    assert "ECDHE-RSA-AES128-GCM-SHA256" in SSL.Connection(made).get_cipher_list()
    made.set_tmp_ecdh(crypto.get_elliptic_curve("prime256v1"))
    made.load_tmp_dh(f"{PKI}/dh.pem".encode())
    assert made.get_timeout() > 0 and made.set_timeout(17) > 0 and made.get_timeout() == 17
    made.set_session_cache_mode(SSL.SESS_CACHE_BOTH)
    assert made.get_session_cache_mode() == SSL.SESS_CACHE_BOTH
    assert made.get_verify_depth() == -1
    made.set_verify_depth(4)
    assert made.get_verify_depth() == 4


main(server, client)
