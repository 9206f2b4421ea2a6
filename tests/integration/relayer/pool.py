"""A JSON-RPC proxy that is as strict as Polygon's pools and as unkind as a bad day, and counts what it did.

Rules, always: a tip of 25 gwei at least; a replacement raises both fields by a tenth; the same bytes again are "already
known". Unkindness, by share and seed: a broadcast that is lost, late, or overtaken by the next; a node without a final
block; an error, or no answer at all.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import orjson
import rlp
from eth_account import Account
from eth_utils.crypto import keccak

from tests.integration import node_proxy
from tests.integration.node_proxy import served

GWEI = 10**9
MINIMUM_TIP = 25 * GWEI
DELAY_SECONDS = 0.4
UNKIND = ("dropped", "delayed", "reordered", "no finalized", "low tip suggested", "error", "no answer")

Call = dict[str, Any]
Answer = dict[str, Any]


@dataclass(frozen=True)
class Pooled:
    """What the pool knows of a transaction."""

    hash: str
    sender: str
    nonce: int
    tip: int
    max_fee: int

    @classmethod
    def of(cls, raw: bytes) -> "Pooled":
        fields = rlp.decode(raw[1:])
        sender = str(Account.recover_transaction(raw))
        return cls("0x" + keccak(raw).hex(), sender, *(int.from_bytes(fields[at]) for at in (1, 2, 3)))


@dataclass
class Pool:
    """Its rules and its moods. `send_share` of the broadcasts and `error_share` of the requests are spoilt."""

    random: Random = field(default_factory=lambda: Random(1))
    send_share: float = 0.0
    error_share: float = 0.0
    low_tip: bool = False
    """Nodes suggest less than the pool takes."""
    counts: Counter[str] = field(default_factory=Counter)
    known: dict[tuple[str, int], Pooled] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def happened(self, kind: str) -> None:
        with self.lock:
            self.counts[kind] += 1

    def chance(self, share: float) -> bool:
        with self.lock:
            return share > 0 and self.random.random() < share

    def choose(self, *kinds: str) -> str:
        """What happened seldom rather than what happened often."""
        with self.lock:
            return self.random.choices(kinds, [(1 + self.counts[kind]) ** -1.0 for kind in kinds])[0]

    def refusal(self, raw: bytes, waits: Callable[[str], bool]) -> str | None:
        """By the rules; None, and it is known from now on, where they allow it. `waits` tells whether the node has a
        transaction that is in no block: a reorg may have taken what was known."""
        new = Pooled.of(raw)
        before = self.known.get((new.sender, new.nonce))
        gone = before is not None and not waits(before.hash)
        with self.lock:
            old = None if gone else before
            if old is not None and old.hash == new.hash:
                self.counts["already known"] += 1
                return "already known"
            if new.tip < MINIMUM_TIP:
                self.counts["underpriced"] += 1
                return f"transaction underpriced: gas tip cap {new.tip}, minimum needed {MINIMUM_TIP}"
            if old is not None and (new.tip * 10 < old.tip * 11 or new.max_fee * 10 < old.max_fee * 11):
                self.counts["replacement underpriced"] += 1
                return "replacement transaction underpriced"
            self.known[new.sender, new.nonce] = new
            return None

    def forget(self, raw: bytes) -> None:
        """It was lost, or a reorg took it: the pool would take it again."""
        lost = Pooled.of(raw)
        with self.lock:
            self.known.pop((lost.sender, lost.nonce), None)

    def forget_all(self) -> None:
        with self.lock:
            self.known.clear()


@contextmanager
def pool_proxy(node_url: str, pool: Pool) -> Iterator[str]:
    """The proxy's URL, until the end of the block."""
    with served(Handler, node_url, pool=pool) as url:
        yield url


class Handler(node_proxy.Handler):
    pool: Pool

    def take(self, asked: Any) -> None:
        if not self.pool.chance(self.pool.error_share):
            answer = [self.answer(each) for each in asked] if isinstance(asked, list) else self.answer(asked)
            self.send_json(200, orjson.dumps(answer))
        elif self.pool.choose("error", "no answer") == "error":
            self.pool.happened("error")
            self.send_json(500, b"no")
        else:
            self.pool.happened("no answer")
            self.close_connection = True

    def answer(self, call: Call) -> Answer:
        method, params = call["method"], call["params"]
        unkind = self.pool.send_share > 0
        if method == "eth_sendRawTransaction":
            return self.send(call, bytes.fromhex(params[0][2:]))
        if method == "eth_maxPriorityFeePerGas":
            low = self.pool.low_tip or (unkind and self.pool.chance(0.3))
            if low:
                self.pool.happened("low tip suggested")
            return self.result(call, hex(GWEI if low else 30 * GWEI))
        if method == "eth_getBlockByNumber" and params[0] == "finalized" and unkind and self.pool.chance(0.3):
            self.pool.happened("no finalized")
            return self.error(call, -39001, "finalized block not found")
        return self.forward(call)

    def send(self, call: Call, raw: bytes) -> Answer:
        if refused := self.pool.refusal(raw, self.waits):
            return self.error(call, -32000, refused)
        tx_hash = self.result(call, "0x" + keccak(raw).hex())
        if not self.pool.chance(self.pool.send_share):
            self.release()
            return self.forwarded(call, raw)
        match self.pool.choose("dropped", "delayed", "reordered"):
            case "dropped":
                self.pool.happened("dropped")
                self.pool.forget(raw)
            case "delayed":
                self.pool.happened("delayed")
                threading.Timer(DELAY_SECONDS, self.late, [call]).start()
            case _:
                with self.pool.lock:
                    self.pool.held.append(call["params"][0])
        return tx_hash

    def waits(self, tx_hash: str) -> bool:
        """Those that are late count as there."""
        if self.pool.send_share:
            return True
        found = self.forward({"id": 0, "method": "eth_getTransactionByHash", "params": [tx_hash]}).get("result")
        return bool(found and found["blockNumber"] is None)

    def forwarded(self, call: Call, raw: bytes) -> Answer:
        answer = self.forward(call)
        if "error" in answer:
            self.pool.forget(raw)
        return answer

    def release(self) -> None:
        """Those that were held go after the one that came just now."""
        with self.pool.lock:
            held, self.pool.held = self.pool.held, []
        for raw in held:
            self.pool.happened("reordered")
            threading.Timer(0.05, self.late, [{"id": 0, "method": "eth_sendRawTransaction", "params": [raw]}]).start()

    def late(self, call: Call) -> None:
        try:
            self.forwarded(call, bytes.fromhex(call["params"][0][2:]))
        except httpx.HTTPError:
            self.pool.forget(bytes.fromhex(call["params"][0][2:]))
        except RuntimeError:  # the test is over, and the client closed
            time.sleep(0)

    def forward(self, call: Call) -> Answer:
        said: Answer = self.client.post("", json={**call, "jsonrpc": "2.0"}).json()
        return said

    def result(self, call: Call, value: str) -> Answer:
        return {"jsonrpc": "2.0", "id": call["id"], "result": value}

    def error(self, call: Call, code: int, message: str) -> Answer:
        return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": code, "message": message}}
