"""A JSON-RPC proxy before a real node, which spoils some answers and counts what it did.

Which answer is spoilt, and how, comes from the seed's own random numbers, where it has any. A fault counts only where
it changed something: a range without logs cannot be torn.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from tests.integration import node_proxy
from tests.integration.node_proxy import served

ANSWERS = ("empty logs", "torn logs", "foreign logs", "doubled logs", "lagging", "no finalized", "stranger's parent")
"""Answers that are well formed and wrong."""
FAILURES = ("error", "too many requests", "cut short", "rubbish", "slow", "time-out", "refused range")
"""Answers that are none, or late."""
KINDS = (*ANSWERS, *FAILURES)
CHANGED = "changed data"
"""Every log says something else: a lie that no check of one node's answers finds."""
SLOW_SECONDS = 0.15
LAG_BLOCKS = 3

Answer = dict[str, Any]
Call = dict[str, Any]


class Cut(Exception):
    """Nothing more is said on this connection."""


@dataclass
class Faults:
    """What may happen, and what happened. `share` of all requests is spoilt while it is above 0; with `always` each
    is, in that way."""

    random: Random | None = None
    share: float = 0.0
    always: str | None = None
    time_out_seconds: float = 1.0
    before: Counter[str] = field(default_factory=Counter)
    """What happened in earlier seeds."""
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def draw(self, calls: list[Call]) -> str | None:
        """What is done to these calls, if anything: of what can be done to such, wrong answers twice as often, and
        what happened seldom rather than what happened often."""
        with self.lock:
            if self.always or self.random is None or self.random.random() >= self.share:
                return self.always
            wrong = [kind for kind in ANSWERS if applies(kind, calls)]
            kinds = wrong if wrong and self.random.random() < 2 / 3 else FAILURES
            seldom = [(1 + self.counts[kind] + self.before[kind]) ** -2 for kind in kinds]
            return self.random.choices(kinds, seldom)[0]

    def happened(self, kind: str) -> None:
        with self.lock:
            self.counts[kind] += 1


@contextmanager
def proxy(node_url: str, faults: Faults) -> Iterator[str]:
    """The proxy's URL, until the end of the block."""
    with served(Handler, node_url, faults=faults) as url:
        yield url


class Handler(node_proxy.Handler):
    faults: Faults

    def take(self, asked: Any) -> None:
        try:
            self.answer(asked, self.faults.draw(asked))
        except Cut:
            self.close_connection = True

    def answer(self, calls: list[Call], kind: str | None) -> None:
        if kind in FAILURES:
            self.faults.happened(kind)
        refusal = {"code": -32005, "message": "query exceeds max results"}
        match kind:
            case "error":
                self.say(500, b"no")
            case "too many requests":
                self.say(429, b"later")
            case "rubbish":
                self.say(200, b"<html>")
            case "refused range":
                self.say(200, orjson.dumps([{"id": call["id"], "error": refusal} for call in calls]))
            case "time-out":
                time.sleep(self.faults.time_out_seconds * 1.5)
                raise Cut
            case "slow":
                time.sleep(SLOW_SECONDS)
                self.pass_on(calls, kind)
            case _:
                self.pass_on(calls, kind)

    def pass_on(self, calls: list[Call], kind: str | None) -> None:
        if kind == "lagging":
            calls = self.lagging(calls)
        answers = self.client.post("", json=calls).raise_for_status().json()
        if kind in (*ANSWERS, CHANGED) and self.spoil(kind, calls, answers):
            self.faults.happened(kind)
        self.say(200, orjson.dumps(answers), cut=kind == "cut short")

    def lagging(self, calls: list[Call]) -> list[Call]:
        """As a node answers that has not heard of the newest blocks."""
        asked = [{"jsonrpc": "2.0", "id": 0, "method": "eth_blockNumber", "params": []}]
        head = int(self.client.post("", json=asked).raise_for_status().json()[0]["result"], 16)
        changed = []
        for call in calls:
            if call["method"] == "eth_getBlockByNumber" and call["params"][0] == "latest":
                call = {**call, "params": [hex(max(0, head - LAG_BLOCKS)), False]}
                self.faults.happened("lagging")
            changed.append(call)
        return changed

    def spoil(self, kind: str | None, calls: list[Call], answers: list[Answer]) -> bool:
        """Whether something was there to be spoilt."""
        by_id = {answer["id"]: answer for answer in answers}
        for call in calls:
            answer = by_id[call["id"]]
            match call["method"], kind:
                case "eth_getLogs", "empty logs" | "torn logs" | "foreign logs" | "doubled logs":
                    # A block asked for by its hash is told truly: who lies twice about one is found by the auditor.
                    if answer.get("result") and "fromBlock" in call["params"][0]:
                        answer["result"] = spoilt_logs(kind, answer["result"])
                        return True
                case "eth_getLogs", "changed data" if answer.get("result"):
                    answer["result"] = [{**log, "data": log["data"] + "00"} for log in answer["result"]]
                    return True
                case "eth_getBlockByNumber", "no finalized" if call["params"][0] == "finalized":
                    del answer["result"]
                    answer["error"] = {"code": -39001, "message": "finalized block not found"}
                    return True
                case "eth_getBlockByNumber", "stranger's parent" if answer.get("result") and len(calls) > 2:
                    answer["result"]["parentHash"] = "0x" + "ee" * 32
                    return True
        return False

    def say(self, status: int, body: bytes, *, cut: bool = False) -> None:
        self.send_json(status, body, length=len(body) // 2 if cut else None)
        if cut:
            self.wfile.flush()
            raise Cut


def applies(kind: str, calls: list[Call]) -> bool:
    asked = {(call["method"], str(call["params"][:1])) for call in calls}
    methods = {method for method, _ in asked}
    match kind:
        case "lagging":
            return ("eth_getBlockByNumber", "['latest']") in asked
        case "no finalized":
            return ("eth_getBlockByNumber", "['finalized']") in asked
        case "stranger's parent":
            return "eth_getBlockByNumber" in methods and len(calls) > 2
        case _:
            return "eth_getLogs" in methods


def spoilt_logs(kind: str, logs: list[Answer]) -> list[Answer]:
    match kind:
        case "empty logs":
            return []
        case "torn logs":
            # Between two blocks: what is missing from the middle of a block no header tells, only a second reading.
            return [log for log in logs if log["blockNumber"] != logs[-1]["blockNumber"]]
        case "doubled logs":
            return [*logs, logs[-1]]
        case _:
            return [*logs[:-1], {**logs[-1], "blockHash": "0x" + "dd" * 32}]
