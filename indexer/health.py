"""/healthz, /readyz and /metrics of one indexer process, answered by a thread: they speak while the loop is busy."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from indexer.follow import Batch
from indexer.metrics import metrics

STALL_SECONDS = 30.0
READY_BEHIND_BLOCKS = 20


@dataclass
class Health:
    """What is known of this process; `beat` is when its loop last did anything."""

    finality: str
    """Why blocks become final, or why none does, in words."""
    leader: bool = False
    block: int = 0
    head: int = 0
    finalized: int = 0
    beat: float = 0.0
    audit: str = "not audited yet"
    """What the auditor found, in words."""

    def saw(self, batch: Batch) -> None:
        """After each batch that is stored, and each step that found nothing new."""
        self.leader, self.beat = True, time.monotonic()
        self.block, self.head, self.finalized = batch.end.number, batch.head_number, batch.finalized_number
        for name, value in (("block", self.block), ("blocks_behind", self.behind), ("finalized_block", self.finalized)):
            metrics.set(name, value)

    def stands(self, *, leader: bool) -> None:
        """Leads from now on, or stands by."""
        self.leader, self.beat = leader, time.monotonic()
        metrics.set("leader", leader)

    @property
    def behind(self) -> int:
        return max(0, self.head - self.block)

    def alive(self) -> bool:
        return time.monotonic() - self.beat < STALL_SECONDS

    def ready(self) -> bool:
        """A standby is ready to take over; a leader is once it is near the head."""
        return self.alive() and (not self.leader or (self.head > 0 and self.behind <= READY_BEHIND_BLOCKS))

    def told(self) -> dict[str, Any]:
        own = {"leader": self.leader, "block": self.block, "head": self.head, "behind": self.behind}
        return {
            "ready": self.ready(),
            **own,
            "finalized": self.finalized,
            "finality": self.finality,
            "audit": self.audit,
        }


def finality_in_words(*, finality_depth: int | None, accept_pending_forever: bool, quorum: int = 1) -> str:
    """What an operator reads who asks why nothing is final."""
    said = tag_in_words(finality_depth, accept_pending_forever)
    return said if quorum == 1 else f"{said}, and {quorum} nodes tell the same of it (RPC_QUORUM)"


def tag_in_words(finality_depth: int | None, accept_pending_forever: bool) -> str:
    if finality_depth:
        return f"a block is final once {finality_depth} others follow it (FINALITY_DEPTH)"
    if accept_pending_forever:
        return "where the node has no finalized tag nothing ever becomes final (ACCEPT_PENDING_FOREVER)"
    return "a block is final once the node's finalized tag has passed it"


@contextmanager
def served(health: Health, host: str, port: int | None) -> Iterator[None]:
    """Answers on the port until the end; not at all without one."""
    if port is None:
        yield
        return
    server = Server((host, port), health)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], health: Health) -> None:
        super().__init__(address, Handler)
        self.health = health


class Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 5

    def do_GET(self) -> None:
        health = self.server.health
        match self.path:
            case "/healthz":
                self._answer(health.alive(), "application/json", json.dumps({"alive": health.alive()}))
            case "/readyz":
                self._answer(health.ready(), "application/json", json.dumps(health.told()))
            case "/metrics":
                self._answer(True, "text/plain; version=0.0.4", metrics.text())
            case _:
                self.send_error(HTTPStatus.NOT_FOUND)

    def _answer(self, well: bool, kind: str, body: str) -> None:
        raw = body.encode()
        self.send_response(HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: probes ask every second."""
