"""asyncio: many connections at once, large writes against a slow reader, and STARTTLS."""

import asyncio

from common import *

BULK = pattern(4 << 20)


async def answer(reader, writer):
    size = int(await reader.readline())
    received = await reader.readexactly(size)
    for at in range(0, size, 100_000):
        writer.write(received[at : at + 100_000])
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def upgrade(reader, writer):
    assert await reader.readline() == b"STARTTLS\n"
    writer.write(b"go ahead\n")
    await writer.drain()
    await writer.start_tls(server_context())
    assert await reader.readline() == b"secret\n"
    writer.write(b"kept\n")
    await writer.drain()
    writer.close()


async def serve(listener):
    left = asyncio.Semaphore(0)

    async def either(reader, writer):
        try:
            await (upgrade if tls is None else answer)(reader, writer)
        finally:
            left.release()

    tls = server_context()
    async with await asyncio.start_server(either, sock=listener.dup(), ssl=tls):
        for _ in range(21 * len(VERSIONS)):
            await left.acquire()
    tls = None
    async with await asyncio.start_server(either, sock=listener.dup()):
        await left.acquire()


async def echo(address, version, size):
    reader, writer = await asyncio.open_connection(*address, ssl=client_context(version), server_hostname="localhost")
    assert writer.get_extra_info("ssl_object").version() == version
    writer.write(b"%d\n" % size + BULK[:size])
    assert await reader.readexactly(size) == BULK[:size]
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def use(address):
    for version in VERSIONS:
        await asyncio.gather(*(echo(address, version, 1000 * number) for number in range(20)))
        await echo(address, version, len(BULK))
    line = b""
    while not line:
        # The server before this one may still take a connection or two, and drops them.
        try:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"STARTTLS\n")
            line = await reader.readline()
        except ConnectionError:
            pass
    assert line == b"go ahead\n", line
    await writer.start_tls(client_context(), server_hostname="localhost")
    writer.write(b"secret\n")
    assert await reader.readline() == b"kept\n"
    writer.close()


main(lambda listener: asyncio.run(serve(listener)), lambda address: asyncio.run(use(address)))
