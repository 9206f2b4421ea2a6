"""A task's row as the events alone tell it, for comparison with the mirror's. Written apart from the indexer's."""

from typing import Any

from audit.abi import Event

ZERO_ADDRESS = "0x" + "00" * 20
ZERO_HASH = "0x" + "00" * 32
FUNDED, AWARDED, SUBMITTED, DISPUTED, RELEASED, CLAIMED, SETTLED, RULED, REFUNDED = range(1, 10)
TERMS_COLUMNS = {
    "buyer": "buyer",
    "agent": "terms_agent",
    "awarder": "awarder",
    "arbiter": "arbiter",
    "parent": "parent",
    "content": "content",
    "salt": "salt",
    "budget": "budget",
    "childCap": "child_cap",
    "awardBy": "award_by",
    "deliverBy": "deliver_by",
    "reviewSeconds": "review_seconds",
    "vetoSeconds": "veto_seconds",
    "arbiterSeconds": "arbiter_seconds",
    "defaultShareBps": "default_share_bps",
}
Row = dict[str, Any]


def funded_row(event: Event) -> Row:
    terms = event.args["terms"]
    hired = None if terms["agent"] == ZERO_ADDRESS else terms["agent"]
    row: Row = {column: terms[name] for name, column in TERMS_COLUMNS.items()}
    row |= dict.fromkeys(("agent_id", "price", "bid_digest", "transcript", "deliverable", "disputed_by", "evidence"))
    row |= dict.fromkeys(("refund_reason", "share_bps", "by_default", "reasons"))
    row |= {"state": FUNDED, "remaining": terms["budget"], "paid": 0, "fees": 0, "refunded": 0, "delegated": 0}
    return row | {"agent": hired, "payee": hired, "funded_block": event.block, "funded_tx": event.tx_hash}


def folded(events: list[Event]) -> Row:
    """The first event must be TaskFunded; raises ValueError otherwise."""
    first, *rest = events
    if first.name != "TaskFunded":
        raise ValueError(f"task begins with {first.name} in block {first.block}")
    row = funded_row(first)
    for event in rest:
        row |= change(row, event.name, event.args)
    last = events[-1]
    return row | {"last_block": last.block, "last_log_index": last.log_index, "last_tx": last.tx_hash}


def change(row: Row, name: str, args: dict[str, Any]) -> Row:
    match name:
        case "TaskAwarded":
            return {
                "state": AWARDED,
                "agent_id": args["agentId"],
                "agent": args["agent"],
                "payee": args["payee"],
                "price": args["price"],
                "bid_digest": args["bidDigest"],
                "transcript": args["transcript"],
                **moved(row, to_buyer=args["surplus"]),
            }
        case "TaskSubmitted":
            return {"state": SUBMITTED, "agent_id": args["agentId"], "deliverable": args["deliverable"]}
        case "TaskDisputed":
            return {"state": DISPUTED, "disputed_by": args["by"], "evidence": args["evidence"]}
        case "TaskReleased":
            ended = {"state": CLAIMED if args["claimed"] else RELEASED} if args["remaining"] == 0 else {}
            return moved(row, to_agent=args["amount"], fee=args["fee"]) | ended
        case "TaskRefunded":
            return moved(row, to_buyer=args["amount"]) | {"state": REFUNDED, "refund_reason": args["reason"]}
        case "TaskSettled":
            return moved(row, args["toAgent"], args["fee"], args["toBuyer"]) | {"state": SETTLED}
        case "TaskRuled":
            ruling = {"share_bps": args["shareBps"], "by_default": args["byDefault"], "reasons": args["reasons"]}
            return moved(row, args["toAgent"], args["fee"], args["toBuyer"]) | {"state": RULED} | ruling
        case "ChildFunded":
            return delegated(row, args["amount"])
        case "ChildReturned":
            back = row | delegated(row, -args["amount"])
            return back | moved(back, to_buyer=args["amount"]) if args["toBuyer"] else back
        case "PaymentOwed":
            return {}
    raise ValueError(f"unknown event {name}")


def delegated(row: Row, amount: int) -> Row:
    """Into a child, or back where `amount` is negative."""
    return {"remaining": row["remaining"] - amount, "delegated": row["delegated"] + amount}


def moved(row: Row, to_agent: int = 0, fee: int = 0, to_buyer: int = 0) -> Row:
    """`to_agent` is gross, `fee` is part of it."""
    return {
        "remaining": row["remaining"] - to_agent - to_buyer,
        "paid": row["paid"] + to_agent,
        "fees": row["fees"] + fee,
        "refunded": row["refunded"] + to_buyer,
    }
