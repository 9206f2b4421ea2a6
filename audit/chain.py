"""The chain's side, from raw logs and contract calls at one block."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from audit.abi import Contract, Event
from audit.deployment import Deployment
from audit.fold import DISPUTED, ZERO_ADDRESS, Row, folded
from audit.ledger import Ledger, ledger_of
from audit.rpc import Rpc

RANGE_BLOCKS = 2000


@dataclass(frozen=True)
class ChainSide:
    """Rows as the chain tells them, keyed like the mirror's, and the money in the token contract."""

    block: int
    ledger: Ledger
    balance: int
    money_in: int
    money_out: int
    fees_waiting: int
    fees_collected: int
    escrows: dict[str, Row]
    owed: dict[str, int]
    agents: dict[int, Row]
    feedback: dict[tuple[int, str, int], Row]
    events: dict[tuple[int, int], tuple[str, str]]


def read_chain(rpc: Rpc, deployment: Deployment, block: int) -> ChainSide:
    logs = {contract.name: read_logs(rpc, deployment, contract, block) for contract in deployment.mirrored}
    money = logs["TaskEscrow"]
    tasks = by_task(money)
    rows = {task: folded(events) for task, events in tasks.items()}
    stored = read_storage(rpc, deployment, block, rows)
    read_delegations(rpc, deployment, block, money, stored)
    escrow = deployment.escrow
    owners = sorted({event.args["owner"] for event in money if event.name == "PaymentOwed"})
    owed = dict(zip(owners, ask_each(rpc, escrow, "owed", [(owner,) for owner in owners], block), strict=True))
    total_owed, fees_waiting = (ask_each(rpc, escrow, name, [()], block)[0] for name in ("totalOwed", "feesAccrued"))
    money_in, money_out = transfers(rpc, deployment, escrow.address, block)
    return ChainSide(
        block=block,
        # Deposits and payments from the events; owed and held from the contract's storage.
        ledger=ledger_of(money, rows, int(total_owed), sum(row["remaining"] for row in stored.values())),
        balance=int(ask_each(rpc, deployment.token, "balanceOf", [(escrow.address,)], block)[0]),
        money_in=money_in,
        money_out=money_out,
        fees_waiting=int(fees_waiting),
        fees_collected=sum(event.args["amount"] for event in money if event.name == "FeesCollected"),
        escrows={task: row | stored[task] for task, row in rows.items()},
        owed=owed,
        agents=read_agents(rpc, deployment, logs["IdentityRegistry"], block),
        feedback=read_feedback(rpc, deployment, logs["ReputationRegistry"], block),
        events={(event.block, event.log_index): (event.name, event.tx_hash) for one in logs.values() for event in one},
    )


def read_logs(rpc: Rpc, deployment: Deployment, contract: Contract, block: int) -> list[Event]:
    found = raw_logs(rpc, contract.address, [], deployment.start_block, block)
    return [contract.event(log) for log in found if contract.knows(log)]


def raw_logs(rpc: Rpc, address: str, topics: list[Any], first: int, last: int) -> list[dict[str, Any]]:
    requests = []
    for start in range(first, last + 1, RANGE_BLOCKS):
        end = min(last, start + RANGE_BLOCKS - 1)
        wanted = {"address": address, "topics": topics, "fromBlock": hex(start), "toBlock": hex(end)}
        requests.append(("eth_getLogs", [wanted]))
    return [log for part in rpc.ask_many(requests) for log in part]


def by_task(events: Iterable[Event]) -> dict[str, list[Event]]:
    """What a child took and gave back is told of its parent; a bid is revoked by anyone, on any id."""
    tasks: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        task = event.args.get("taskId") or event.args.get("parentId")
        if task is not None and event.name != "BidRevoked":
            tasks[task].append(event)
    return tasks


def read_storage(rpc: Rpc, deployment: Deployment, block: int, rows: dict[str, Row]) -> dict[str, Row]:
    """What the escrow's slots hold now. It forgets payee and agent where the terms name them or a task is over."""
    asked = [(task,) for task in rows]
    answers = [deployment.escrow.call("taskOf", *args, block=block) for args in asked]
    storage: dict[str, Row] = {}
    for task, answer in zip(rows, rpc.ask_many(answers), strict=True):
        state, remaining, since, agent_id, agent, payee = deployment.escrow.result("taskOf", answer)
        row: Row = {"state": state, "remaining": remaining, "since": since, "agent_id": agent_id or None}
        row |= {} if agent == ZERO_ADDRESS else {"agent": agent}
        storage[task] = row | ({} if payee == ZERO_ADDRESS else {"payee": payee})
    return storage


def read_delegations(rpc: Rpc, deployment: Deployment, block: int, money: list[Event], stored: dict[str, Row]) -> None:
    """What open parents have passed on; once over, the contract keeps what it was then, and only events go on."""
    parents = {event.args["parentId"] for event in money if event.name == "ChildFunded"}
    still_open = sorted(parent for parent in parents if stored[parent]["state"] <= DISPUTED)
    answers = rpc.ask_many([deployment.escrow.call("childrenOf", parent, block=block) for parent in still_open])
    for parent, answer in zip(still_open, answers, strict=True):
        stored[parent]["delegated"] = deployment.escrow.result("childrenOf", answer)[1]


def ask_each(rpc: Rpc, contract: Contract, function: str, calls: list[tuple[Any, ...]], block: int) -> list[Any]:
    """The first output of each call."""
    answers = rpc.ask_many([contract.call(function, *args, block=block) for args in calls])
    return [contract.result(function, answer)[0] for answer in answers]


def transfers(rpc: Rpc, deployment: Deployment, contract: str, block: int) -> tuple[int, int]:
    """All that ever came into a contract and went out of it, by the token's own Transfer logs."""
    token, first = deployment.token, deployment.start_block
    topic, party = token.topic("Transfer"), "0x" + contract[2:].lower().rjust(64, "0")
    into = raw_logs(rpc, token.address, [topic, None, party], first, block)
    out = raw_logs(rpc, token.address, [topic, party], first, block)
    return sum(int(log["data"], 16) for log in into), sum(int(log["data"], 16) for log in out)


def read_agents(rpc: Rpc, deployment: Deployment, events: list[Event], block: int) -> dict[int, Row]:
    ids = sorted({event.args["agentId"] for event in events if event.name == "Registered"})
    asked = [(agent_id,) for agent_id in ids]
    identity = deployment.identity
    owners, wallets, uris = (
        ask_each(rpc, identity, name, asked, block) for name in ("ownerOf", "getAgentWallet", "tokenURI")
    )
    return {
        agent_id: {"owner": owner, "wallet": None if wallet == ZERO_ADDRESS else wallet, "uri": uri}
        for agent_id, owner, wallet, uri in zip(ids, owners, wallets, uris, strict=True)
    }


def read_feedback(rpc: Rpc, deployment: Deployment, events: list[Event], block: int) -> dict[tuple[int, str, int], Row]:
    given = {feedback_key(event): event for event in events if event.name == "NewFeedback"}
    rated = {feedback_key(event): event.args["taskId"] for event in events if event.name == "TaskRated"}
    reputation = deployment.reputation
    answers = rpc.ask_many([reputation.call("readFeedback", *key, block=block) for key in given])
    rows: dict[tuple[int, str, int], Row] = {}
    for (key, event), answer in zip(given.items(), answers, strict=True):
        value, decimals, tag1, tag2, revoked = reputation.result("readFeedback", answer)
        row: Row = {"value": value, "value_decimals": decimals, "tag1": tag1, "tag2": tag2, "revoked": revoked}
        row |= {"endpoint": event.args["endpoint"], "feedback_uri": event.args["feedbackURI"]}
        rows[key] = row | {"feedback_hash": event.args["feedbackHash"], "task_id": rated.get(key)}
    return rows


def feedback_key(event: Event) -> tuple[int, str, int]:
    return event.args["agentId"], event.args["clientAddress"], event.args["feedbackIndex"]
