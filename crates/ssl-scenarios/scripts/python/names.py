"""The server chooses by name: another context, the same, or an alert."""

import ssl

from common import *


def server(listener):
    contexts = {"alpha.test": server_context(name="alpha"), "beta.test": server_context(name="beta")}
    seen = []

    def choose(stream, name, context):
        seen.append(name)
        if name == "refused.test":
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        if name in contexts:
            stream.context = contexts[name]
        return None

    for version in VERSIONS:
        context = server_context(version)
        context.sni_callback = choose
        for name in ("alpha.test", "beta.test", "localhost", None):
            raw, _ = listener.accept()
            with context.wrap_socket(raw, server_side=True) as stream:
                assert seen[-1] == name, seen
                stream.sendall(b"hello")
                stream.recv(1)
        raw, _ = listener.accept()
        refused(lambda: context.wrap_socket(raw, server_side=True))


def client(address):
    for version in VERSIONS:
        context = client_context(version)
        for name in ("alpha.test", "beta.test", "localhost", None):
            context.check_hostname = name is not None
            with connect(address, context, name) as stream:
                subject = stream.getpeercert()["subject"]
                assert subject == ((("commonName", name or "localhost"),),), subject
                assert stream.recv(5) == b"hello"
        context.check_hostname = False
        error = refused(lambda: connect(address, context, "refused.test"))
        assert error.reason == "TLSV1_UNRECOGNIZED_NAME", error


main(server, client)
