"""What one writes first: web3.py decodes each log, SQLAlchemy's ORM inserts each row.

`python -m bench.indexer_naive EVENTS` stops after that many: the whole chain would take minutes.
"""

import json
import os
import sys
import time
import warnings
from typing import Any

from eth_utils.abi import event_abi_to_log_topic
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.agents.mirror_models import AgentEvent
from app.chain.contracts import abi
from app.chain.models import Log
from app.escrow.models import EscrowEvent
from app.reputation.mirror_models import FeedbackEvent
from bench.indexer_chain import ADDRESSES

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from web3 import Web3

RANGE_BLOCKS = 50
TABLES: dict[str, type[Any]] = {
    "TaskEscrow": EscrowEvent,
    "IdentityRegistry": AgentEvent,
    "ReputationRegistry": FeedbackEvent,
}


def main(wanted: int) -> dict[str, float]:
    node = Web3(Web3.HTTPProvider(os.environ["RPC_URLS"]))
    engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1))
    known = described(node)
    started, cpu, events, first = time.monotonic(), time.process_time(), 0, 1
    with Session(engine) as session:
        while events < wanted:
            watched = [Web3.to_checksum_address(ADDRESSES[name]) for name in TABLES]
            logs = node.eth.get_logs({"address": watched, "fromBlock": first, "toBlock": first + RANGE_BLOCKS - 1})
            times = {number: node.eth.get_block(number)["timestamp"] for number in {log["blockNumber"] for log in logs}}
            for log in logs:
                session.add_all(rows_of(known, log, times[log["blockNumber"]]))
            session.commit()
            first, events = first + RANGE_BLOCKS, events + len(logs)
    return {"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu, "events": events}


def described(node: Web3) -> dict[bytes, tuple[str, Any]]:
    """Each event's contract and decoder, by topic."""
    found = {}
    for name in TABLES:
        for entry in (entry for entry in abi(name) if entry["type"] == "event"):
            decoder = node.eth.contract(abi=[entry]).events[entry["name"]]
            found[event_abi_to_log_topic(entry)] = name, decoder  # type: ignore[arg-type]  # JSON
    return found


def rows_of(known: dict[bytes, tuple[str, Any]], log: Any, timestamp: int) -> list[Any]:
    """The raw log and its event."""
    contract, event = known[bytes(log["topics"][0])]
    args = json.loads(Web3.to_json(event().process_log(log)["args"]))
    place = {
        "block_number": log["blockNumber"],
        "log_index": log["logIndex"],
        "tx_hash": log["transactionHash"].to_0x_hex(),
    }
    raw = Log(
        **place,
        block_hash=log["blockHash"].to_0x_hex(),
        tx_index=log["transactionIndex"],
        address=log["address"],
        topics=[bytes(topic) for topic in log["topics"]],
        data=bytes(log["data"]),
    )
    own = {
        "TaskEscrow": {"task_id": args.get("taskId")},
        "IdentityRegistry": {"agent_id": args.get("agentId", args.get("id"))},
        "ReputationRegistry": {
            "agent_id": args.get("agentId"),
            "client": args.get("clientAddress"),
            "feedback_index": args.get("feedbackIndex"),
        },
    }[contract]
    return [raw, TABLES[contract](**place, block_timestamp=timestamp, name=event.event_name, args=args, **own)]


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
