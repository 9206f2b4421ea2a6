"""The ledger for people and for programs."""

import json
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from audit.channels import ChannelLedger
from audit.check import Audit

UNIT = 1_000_000
MEANING = {
    "deposits": "paid in by buyers",
    "payouts": "to agents, net of fees",
    "refunds": "back to buyers, surplus included",
    "fees": "of the platform",
    "owed": "waits for its owner",
    "held": "in open tasks",
}


def ledger_table(audit: Audit) -> Table:
    """Amounts with all six decimals: the comparison is to the last unit."""
    table = Table(title=f"Ledger at block {audit.block}", title_justify="left")
    table.add_column("USDC")
    table.add_column("chain", justify="right")
    table.add_column("database", justify="right")
    table.add_column("")
    for (name, ours), (_, theirs) in zip(audit.chain.entries(), audit.database.entries(), strict=True):
        sign = "" if name == "deposits" else "- "
        style = "" if ours == theirs else "bold red"
        table.add_row(sign + name, usdc(ours), usdc(theirs), MEANING[name], style=style)
    rest = (audit.chain.unexplained, audit.database.unexplained)
    table.add_section()
    table.add_row("= unexplained", *map(usdc, rest), "must be zero", style="bold red" if any(rest) else "bold green")
    return table


def channel_table(channels: ChannelLedger) -> Table:
    table = Table(title="Payment channels, on chain", title_justify="left")
    table.add_column("USDC")
    table.add_column("chain", justify="right")
    for name, amount in channels.entries():
        table.add_row(name, usdc(amount))
    return table


def rendered(audit: Audit) -> RenderableType:
    used = audit.channels is not None and audit.channels.deposits > 0
    tables = [ledger_table(audit), *([channel_table(audit.channels)] if audit.channels and used else [])]
    if audit.equal:
        verdict = Text(f"{audit.compared} mirrored rows equal the chain; the books balance.", style="green")
        return Group(*tables, verdict)
    lines = [Text(f"DIFFERENCE  {difference}", style="red") for difference in audit.differences]
    return Group(*tables, *lines, Text(f"{len(lines)} differences", style="bold red"))


def as_json(audit: Audit) -> str:
    return json.dumps({"equal": audit.equal, **asdict(audit)}, indent=2, default=str)


def usdc(amount: int) -> str:
    sign, whole = "-" if amount < 0 else "", abs(amount)
    return f"{sign}{whole // UNIT:,}.{whole % UNIT:06d}"
