"""http.server with threads, and urllib as its client: 64 MiB, and many small requests."""

import functools
import http.server
import os
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from common import *

DATA = os.environ["DATA"]


def server(listener):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=DATA)
    web = http.server.ThreadingHTTPServer(listener.getsockname(), handler, bind_and_activate=False)
    web.socket = server_context().wrap_socket(listener, server_side=True)
    web.serve_forever()


def client(address):
    context = client_context()

    def fetch(name):
        with urllib.request.urlopen(f"https://localhost:{address[1]}/{name}", context=context) as response:
            return hashlib.file_digest(response, "sha256").hexdigest()

    def expected(name):
        with open(f"{DATA}/{name}", "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    assert fetch("64m.bin") == expected("64m.bin")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(fetch, ["100k.bin"] * 40)) == {expected("100k.bin")}
    strange = ssl.create_default_context(cafile=f"{PKI}/stranger.pem")
    error = refused(lambda: urllib.request.urlopen(f"https://localhost:{address[1]}/1k.bin", context=strange), OSError)
    assert "CERTIFICATE_VERIFY_FAILED" in str(error), error


main(server, client)
