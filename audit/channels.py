"""The channels' books, from their raw logs, their storage and the token's, and their mirrored rows.

Of each channel: deposit = paid + returned + moved into tasks + left. What a failed push left owed is part of paid or
returned until its owner withdraws it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields

from audit.abi import Contract, Event
from audit.chain import ask_each, read_logs, transfers
from audit.compare import Difference, in_rows
from audit.deployment import Deployment
from audit.fold import Row
from audit.rpc import Rpc

OPEN, CLOSING, CLOSED = 1, 2, 3
PARAMETERS = {"challengeSeconds": "challenge_seconds"}


@dataclass(frozen=True)
class ChannelLedger:
    """Base units. `paid` and `returned` include what is `owed`."""

    deposits: int
    paid: int
    returned: int
    tasks: int
    left: int
    owed: int

    @property
    def unexplained(self) -> int:
        """Zero where the books balance."""
        return self.deposits - self.paid - self.returned - self.tasks - self.left

    def entries(self) -> list[tuple[str, int]]:
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


@dataclass
class ChannelRow:
    """One channel as its events tell it."""

    opened: Row = field(default_factory=dict)
    state: int = OPEN
    deposits: int = 0
    paid: int = 0
    returned: int = 0
    tasks: int = 0

    @property
    def left(self) -> int:
        return self.deposits - self.paid - self.returned - self.tasks

    @property
    def columns(self) -> Row:
        """As the mirror names them."""
        money = {"deposited": self.deposits, "paid": self.paid, "returned": self.returned, "tasks": self.tasks}
        return {**self.opened, "state": self.state, **money}

    def take(self, event: Event) -> None:
        args = event.args
        match event.name:
            case "ChannelOpened":
                self.deposits = args["deposit"]
                self.opened = {PARAMETERS.get(name, name): value for name, value in args["channel"].items()}
                self.opened |= {"opened_block": event.block, "opened_tx": event.tx_hash}
            case "ChannelToppedUp":
                self.deposits += args["amount"]
            case "VoucherRedeemed":
                self.paid += args["amount"]
            case "ChannelFundedTask":
                self.tasks += args["amount"]
            case "ChannelClosing":
                self.state = CLOSING
            case "ChannelClosed":
                self.state = CLOSED
                self.paid, self.returned = self.paid + args["toPayee"], self.returned + args["toPayer"]


def audit_channels(
    rpc: Rpc, deployment: Deployment, block: int, mirrored: Mapping[str, Row]
) -> tuple[ChannelLedger | None, list[Difference]]:
    """The books at `block` and what is wrong with them or the mirror; None where the deployment has no channels."""
    contract = deployment.channels
    if contract is None:
        return None, []
    events = read_logs(rpc, deployment, contract, block)
    rows = folded(events)
    ledger = ledger_of(events, rows)
    found = [*in_storage(rpc, contract, rows, ledger, block), *in_token(rpc, deployment, contract, ledger, block)]
    return ledger, [*found, *in_rows("channels", {channel: row.columns for channel, row in rows.items()}, mirrored)]


def folded(events: Iterable[Event]) -> dict[str, ChannelRow]:
    rows: dict[str, ChannelRow] = defaultdict(ChannelRow)
    for event in events:
        # A batch pays a payee for many channels at once: what is owed then names none.
        if "channelId" in event.args and event.name not in ("PaymentOwed", "VoucherSkipped"):
            rows[event.args["channelId"]].take(event)
    return dict(rows)


def ledger_of(events: Iterable[Event], rows: dict[str, ChannelRow]) -> ChannelLedger:
    owed = 0
    for event in events:
        owed += {"PaymentOwed": 1, "Withdrawn": -1}.get(event.name, 0) * event.args.get("amount", 0)
    sums = {name: sum(getattr(row, name) for row in rows.values()) for name in ("deposits", "paid", "returned")}
    more = {name: sum(getattr(row, name) for row in rows.values()) for name in ("tasks", "left")}
    return ChannelLedger(**sums, **more, owed=owed)


def in_storage(
    rpc: Rpc, contract: Contract, rows: dict[str, ChannelRow], ledger: ChannelLedger, block: int
) -> Iterator[Difference]:
    """Events against what the contract holds: state, and what is left (a closed channel keeps what payees got)."""
    answers = rpc.ask_many([contract.call("channelOf", channel, block=block) for channel in rows])
    for (channel, row), answer in zip(rows.items(), answers, strict=True):
        state, deposit, settled, _ = contract.result("channelOf", answer)
        expected = {"state": row.state, "settled": row.paid, "left": row.left}
        actual = {"state": state, "settled": settled, "left": deposit - settled}
        for name, value in expected.items():
            if actual[name] != value:
                yield Difference(f"channel {channel}", name, actual[name], value)
    owed = int(ask_each(rpc, contract, "totalOwed", [()], block)[0])
    if owed != ledger.owed:
        yield Difference("channels", "owed", owed, ledger.owed)
    if ledger.unexplained:
        yield Difference("channels", "unexplained", ledger.unexplained, 0)


def in_token(
    rpc: Rpc, deployment: Deployment, contract: Contract, ledger: ChannelLedger, block: int
) -> Iterator[Difference]:
    """What went out is what was paid, returned and moved into tasks; what is there covers what is left and owed."""
    money_in, money_out = transfers(rpc, deployment, contract.address, block)
    balance = int(ask_each(rpc, deployment.token, "balanceOf", [(contract.address,)], block)[0])
    gone = ledger.paid + ledger.returned + ledger.tasks - ledger.owed
    if money_out != gone:
        yield Difference("token", "paid out by the channels", money_out, gone)
    if balance != money_in - money_out:
        yield Difference("token", "balance of the channels", balance, money_in - money_out)
    if balance < ledger.left + ledger.owed:
        yield Difference("token", "balance of the channels below what is due", balance, ledger.left + ledger.owed)
