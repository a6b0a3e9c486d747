"""What both sides can tell about a connection, and 8 MiB both ways at once."""

import ssl

from common import *

BULK = pattern(8 << 20)


def server(listener):
    for version in VERSIONS:
        context = server_context(version)
        context.set_alpn_protocols(["http/1.1", "echo"])
        raw, _ = listener.accept()
        with context.wrap_socket(raw, server_side=True) as stream:
            facts(stream, version)
            assert stream.getpeercert() is None
            shared = {name for name, _, _ in stream.shared_ciphers()}
            assert stream.cipher()[0] in shared, shared
            bulk(stream)
            stream.unwrap().close()


def client(address):
    for version in VERSIONS:
        context = client_context(version)
        context.set_alpn_protocols(["nope", "echo"])
        with connect(address, context) as stream:
            facts(stream, version)
            certificate = stream.getpeercert()
            assert ((("commonName", "localhost"),),) == certificate["subject"], certificate
            assert ("DNS", "localhost") in certificate["subjectAltName"], certificate
            assert ("IP Address", "127.0.0.1") in certificate["subjectAltName"], certificate
            assert certificate["notAfter"] == "Jan  1 00:00:00 2040 GMT", certificate
            with open(f"{PKI}/rsa-leaf.pem") as file:
                leaf = ssl.PEM_cert_to_DER_cert(file.read())
            assert stream.getpeercert(binary_form=True) == leaf
            bulk(stream)
            stream.unwrap().close()


def facts(stream, version):
    assert stream.version() == version, stream.version()
    name, protocol, bits = stream.cipher()
    assert protocol == version and bits in (128, 256) and "GCM" in name, stream.cipher()
    assert stream.selected_alpn_protocol() == "echo"
    assert stream.compression() is None
    assert stream.session_reused is False
    assert stream.pending() == 0
    if version == "TLSv1.2":
        # Both ends have to name the same first Finished message.
        mine = stream.get_channel_binding("tls-unique")
        stream.sendall(mine)
        assert read_exactly(stream, len(mine)) == mine, "the ends disagree about tls-unique"


def bulk(stream):
    sender = in_thread(stream.sendall, BULK)
    assert read_exactly(stream, len(BULK)) == BULK
    sender.join()


main(server, client)
