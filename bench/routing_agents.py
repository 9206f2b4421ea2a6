"""Ten agents behind HTTP, each with eight places: `python -m bench.routing_agents PORT...` serves until it is ended.

Work takes a log-normal time with median 20 ms. The first agent is stuck (2 s), the second fails six calls of ten at
once.
"""

import asyncio
import sys
from random import Random

SLOTS = 8
MEDIAN_SECONDS, SIGMA = 0.02, 0.4
STUCK_SECONDS = 2.0
FAILING = 0.6
GOOD = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'
BAD = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


class Agent:
    """One agent's server."""

    def __init__(self, number: int, healthy: bool) -> None:
        self.random = Random(number)  # noqa: S311  # a trial, not a secret
        self.is_stuck, self.is_failing = number == 0 and not healthy, number == 1 and not healthy
        self.slots = asyncio.Semaphore(SLOTS)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers requests of one connection until it is closed."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    int(line.partition(b":")[2])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-l")
                )
                await reader.readexactly(length)
                writer.write(await self.answer())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self) -> bytes:
        if self.is_failing and self.random.random() < FAILING:
            return BAD
        async with self.slots:
            await asyncio.sleep(
                STUCK_SECONDS if self.is_stuck else self.random.lognormvariate(0, SIGMA) * MEDIAN_SECONDS
            )
        return GOOD


async def main(ports: list[int], healthy: bool) -> None:
    for number, port in enumerate(ports):
        await asyncio.start_server(Agent(number, healthy).serve, "127.0.0.1", port)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main([int(each) for each in sys.argv[2:]], sys.argv[1] == "healthy"))
