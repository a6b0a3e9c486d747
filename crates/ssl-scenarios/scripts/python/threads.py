"""One context, many threads: sixteen of them make and use connections at the same time."""

from concurrent.futures import ThreadPoolExecutor

from common import *

THREADS, EACH = 16, 8


def server(listener):
    context = server_context()

    def one(raw):
        with context.wrap_socket(raw, server_side=True) as stream:
            size = int.from_bytes(read_exactly(stream, 4), "big")
            stream.sendall(read_exactly(stream, size))
            assert stream.recv(1) == b""

    with ThreadPoolExecutor(THREADS) as pool:
        jobs = [pool.submit(one, listener.accept()[0]) for _ in range(THREADS * EACH)]
        for job in jobs:
            job.result()


def client(address):
    context = client_context()

    def some(number):
        for turn in range(EACH):
            data = pattern(70_000 + turn, seed=number)
            with connect(address, context) as stream:
                stream.sendall(len(data).to_bytes(4, "big") + data)
                assert read_exactly(stream, len(data)) == data
                stream.unwrap()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(some, range(THREADS)))


main(server, client)
