"""Agents behind real HTTP on loopback, each with a script of what it answers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.routing.rules import Candidate


@dataclass
class Scripted:
    """`answers` are (seconds, status, body), the last of them for ever; `calls` counts requests, `ended` answers."""

    answers: Sequence[tuple[float, int, bytes]]
    calls: int = 0
    ended: int = 0
    headers: list[bytes] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.lower().split(b"\r\n")
                length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
                await reader.readexactly(length)
                self.headers.append(head)
                seconds, status, body = self.answers[min(self.calls, len(self.answers) - 1)]
                self.calls += 1
                self.asked.set()
                await asyncio.sleep(seconds)
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
                await writer.drain()
                self.ended += 1
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            return
        finally:
            writer.close()


@dataclass
class Speaking:
    """Answers line by line, NDJSON that ends with the connection; after `breaks_after` lines it hangs up."""

    lines: Sequence[bytes]
    pause: float = 0.0
    breaks_after: int | None = None
    calls: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            self.calls += 1
            await self.speak(writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            return
        finally:
            writer.close()

    async def speak(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number, line in enumerate(self.lines):
            if number == self.breaks_after:
                writer.transport.abort()
                return
            writer.write(b"%x\r\n%s\n\r\n" % (len(line) + 1, line))
            await writer.drain()
            await asyncio.sleep(self.pause)
        writer.write(b"0\r\n\r\n")


OK = (0.0, 200, b'{"ok":true}')
BROKEN = (0.0, 500, b"")


@asynccontextmanager
async def agents(*scripts: Sequence[tuple[float, int, bytes]]) -> AsyncIterator[tuple[list[Candidate], list[Scripted]]]:
    """One server for each script; offers of agents 1, 2, ..."""
    scripted = [Scripted(answers) for answers in scripts]
    async with serving(*scripted) as offers:
        yield offers, scripted


@asynccontextmanager
async def serving(*scripted: Scripted | Speaking) -> AsyncIterator[list[Candidate]]:
    """One server for each; offers of agents 1, 2, ..."""
    servers = [await asyncio.start_server(each.serve, "127.0.0.1", 0) for each in scripted]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    try:
        urls = [f"http://127.0.0.1:{port}/work" for port in ports]
        offers = [
            Candidate(number, str(number), "text.sort", url, 0, 5, None, None, None, None)
            for number, url in enumerate(urls, 1)
        ]
        yield offers
    finally:
        for server in servers:
            server.close()
