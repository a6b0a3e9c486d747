"""What is refused, and in which words."""

import ssl

from common import *


def server(listener):
    for version in VERSIONS:
        for name in ("rsa", "expired", "wrong-host"):
            # The client turns away with an alert, or tells after the handshake.
            error = refused(lambda: one(listener, server_context(version, name)), (ssl.SSLError, OSError))
            print(version, name, error)
        for _ in range(3):
            context = server_context(version)
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(f"{PKI}/root.pem")
            one_with_client(listener, context)


def one(listener, context):
    raw, _ = listener.accept()
    with raw, context.wrap_socket(raw, server_side=True) as stream:
        stream.recv(1)
        return "served"


def one_with_client(listener, context):
    raw, _ = listener.accept()
    with raw:
        try:
            with context.wrap_socket(raw, server_side=True) as stream:
                subject = stream.getpeercert()["subject"]
                assert subject == ((("commonName", "client"),),), subject
                stream.sendall(b"welcome")
        except ssl.SSLError as error:
            assert error.reason in ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "CERTIFICATE_VERIFY_FAILED"), error
            if error.reason == "CERTIFICATE_VERIFY_FAILED":
                assert error.verify_code in (20, 21), error


def client(address):
    for version in VERSIONS:
        wrong_servers(address, version)
        clients(address, version)


def wrong_servers(address, version):
    error = refused(lambda: connect(address, client_context(version, "stranger")))
    assert isinstance(error, ssl.SSLCertVerificationError), error
    assert error.verify_code == 20 and error.reason == "CERTIFICATE_VERIFY_FAILED", error
    assert "unable to get local issuer certificate" in str(error), error

    error = refused(lambda: connect(address, client_context(version)))
    assert error.verify_code == 10 and error.verify_message == "certificate has expired", error
    assert str(error).startswith("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "), error

    error = refused(lambda: connect(address, client_context(version)))
    assert error.verify_code == 62, error
    assert "certificate is not valid for 'localhost'" in error.verify_message, error


def clients(address, version):
    context = client_context(version)
    context.load_cert_chain(f"{PKI}/client.pem", f"{PKI}/client.key")
    with connect(address, context) as stream:
        assert read_exactly(stream, 7) == b"welcome"

    alert = {"TLSv1.2": "SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSv1.3": "TLSV13_ALERT_CERTIFICATE_REQUIRED"}
    error = refused(lambda: exchange(address, client_context(version)))
    assert error.reason == alert[version], error

    context = client_context(version)
    context.load_cert_chain(f"{PKI}/strange-client.pem", f"{PKI}/strange-client.key")
    error = refused(lambda: exchange(address, context))
    assert error.reason == "TLSV1_ALERT_UNKNOWN_CA", error


def exchange(address, context):
    with connect(address, context) as stream:
        return read_exactly(stream, 7)


main(server, client)
