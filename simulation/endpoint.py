"""The agents behind HTTP, for calls: one small server, a path for each agent.

Who is bad answers calls well where it cheats at tasks (a bait), too late, or with a failure.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from demo import work
from simulation.people import AgentNature, Conduct

LATE_SECONDS, CLOSE_SECONDS = 3.0, 10.0
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


class Endpoints:
    """Serves requests `POST /NUMBER` whose body is {"trade", "text"}."""

    def __init__(self, agents: Mapping[int, AgentNature]) -> None:
        self.agents = agents
        self._open: dict[asyncio.StreamWriter, asyncio.Event] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one connection's requests until it is closed."""
        self._open[writer] = ended = asyncio.Event()
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                body = await reader.readexactly(length_of(head))
                writer.write(await self.answer(int(head.split(b" ")[1].strip(b"/")), json.loads(body)))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the router closed it: there is nobody to answer
        finally:
            writer.close()
            del self._open[writer]
            ended.set()

    async def close(self) -> None:
        """Closes the connections that the router keeps, and waits for who serves them."""
        ending = dict(self._open)
        for writer in ending:
            writer.close()
        async with asyncio.timeout(CLOSE_SECONDS):
            await asyncio.gather(*(ended.wait() for ended in ending.values()))

    async def answer(self, number: int, asked: Mapping[str, str]) -> bytes:
        conduct = self.agents[number].conduct
        if conduct is Conduct.ABSENT:
            return FAILED
        if conduct is Conduct.LATE:
            await asyncio.sleep(LATE_SECONDS)
        text = work.do(asked["trade"], asked["text"].encode()).decode()
        body = json.dumps({"text": text}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body


def length_of(head: bytes) -> int:
    fields = (line.partition(b":") for line in head.split(b"\r\n"))
    return next((int(value) for name, _, value in fields if name.lower() == b"content-length"), 0)


@asynccontextmanager
async def served(agents: Mapping[int, AgentNature]) -> AsyncIterator[str]:
    """The URL below which each agent has its number."""
    endpoints = Endpoints(agents)
    server = await asyncio.start_server(endpoints.serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await endpoints.close()
