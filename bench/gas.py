"""`scripts/bench gas`: what each flow costs, beside its ceiling, the best public peer and the floor.

The figures are those of the committed snapshots, which the contract tests hold exactly: whole transactions over a
plain token, to a payee who already holds it, the price below the budget, a fee of 1%. A peer's figure was measured
over the same token. Exit code 1 where a flow is more than 2% above its ceiling without a written reason.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

SNAPSHOTS = Path(__file__).resolve().parent.parent / "contracts" / "gas"
TOLERATED = 1.02
FLOOR = ("PlainToken", "transfer to a holder")
STRICT = "EscrowOverStrictToken"
# What a row's name says of its group; the escrow's own verbs stand for themselves.
LABELS = {"PaymentChannel": "channel: ", "Splitter": "splitter: ", "PlainToken": "floor: "}
# Gas by the snapshot's group and the flow's name.
Snapshots = dict[tuple[str, str], int]


@dataclass(frozen=True)
class Flow:
    """`ceiling` is the most that the flow may cost; `peer` the best public contract's figure, with a note, or ''.

    `reason` is why a flow may cost more than 2% above its ceiling, if it does.
    """

    group: str
    name: str
    ceiling: int
    peer: str = ""
    reason: str = ""


OPEN_REASON = "the balance is read before and after (1,750), so that no channel lacks cover"

FLOWS = (
    Flow("TaskEscrow", "fund by EIP-3009", 103_000, "119,354"),
    Flow("TaskEscrow", "fund by approve", 76_900, "87,372 + collector"),
    Flow("TaskEscrow", "fund by signature", 82_500),
    Flow("TaskEscrow", "award by the awarder", 90_500),
    Flow("TaskEscrow", "award carried", 96_000),
    Flow("TaskEscrow", "awardAndFund by the buyer", 150_000),
    Flow("TaskEscrow", "awardAndFund carried", 155_500),
    Flow("TaskEscrow", "submit awarded", 36_500, "61,961"),
    Flow("TaskEscrow", "submit hired", 40_800, "61,961"),
    Flow("TaskEscrow", "release hired", 55_300, "67,786"),
    Flow("TaskEscrow", "release awarded", 55_300, "67,786"),
    Flow("TaskEscrow", "reclaim", 49_000, "53,683"),
    Flow("TaskEscrow", "dispute by the buyer", 34_500),
    Flow("TaskEscrow", "rule a split", 63_500, "63,558 (no split)"),
    Flow("Registries", "register with a content id", 112_500, "200,451"),
    Flow("Registries", "register with a 66-byte URI", 172_500, "200,451"),
    Flow("Registries", "feedback, the first of the agent", 147_000, "192,505 (no gate)"),
    Flow("Registries", "feedback, the first of a client", 147_000, "192,505 (no gate)"),
    Flow("Registries", "feedback, a later one", 85_000, "110,655 (no gate)"),
    Flow("PaymentChannel", "open", 67_000, "78,322", OPEN_REASON),
    Flow("PaymentChannel", "redeem", 53_000, "91,889 (two tx)"),
    Flow("PaymentChannel", "redeem a batch of ten", 200_000, "~263,000"),
    Flow("PaymentChannel", "redeem with a sequencer, first", 80_500),
    Flow("PaymentChannel", "redeem with a sequencer, later", 63_500),
)


HEADS = ("flow", "gas", "ceiling", "ratio", "best public peer", "x floor", "strict token")
WIDTHS = (62, 8, 8, 6, 19, 8, 13)


def main(arguments: list[str]) -> int:
    """With `--markdown` the table is one for docs/benchmarks.md."""
    measured = read_snapshots()
    rows = [row(flow, measured) for flow in (*FLOWS, *unbounded(measured))]
    if arguments == ["--markdown"]:
        rule = ("---", *["--:"] * (len(HEADS) - 1))
        print("\n".join(f"| {' | '.join(cells)} |" for cells in (HEADS, rule, *rows)))
    else:
        print(f"floor: a plain transfer to a holder, {measured[FLOOR]:,} gas\n")
        for cells in (HEADS, *rows):
            print(cells[0].ljust(WIDTHS[0]), *[c.rjust(w) for c, w in zip(cells[1:], WIDTHS[1:], strict=True)])
    return report([flow for flow in FLOWS if not holds(flow, measured.get((flow.group, flow.name)))])


def unbounded(measured: Snapshots) -> list[Flow]:
    """What is measured and has no ceiling; over the strict token only what cannot be had over the plain one."""
    shown = {(flow.group, flow.name) for flow in FLOWS} | {
        (STRICT, n) for group, n in measured if group == "TaskEscrow"
    }
    return [Flow(group, name, 0) for group, name in measured if (group, name) not in shown]


def row(flow: Flow, measured: Snapshots) -> tuple[str, ...]:
    """The cells under HEADS; `strict token` is the same flow over a token with the dollar's own checks."""
    gas = measured.get((flow.group, flow.name)) if flow.group != STRICT else None
    strict = measured.get((STRICT, flow.name)) if flow.group in ("TaskEscrow", STRICT) else None
    return (
        LABELS.get(flow.group, "") + flow.name,
        number(gas),
        number(flow.ceiling),
        f"{gas / flow.ceiling:.3f}" if gas and flow.ceiling else "",
        flow.peer,
        f"{gas / measured[FLOOR]:.1f}" if gas else "",
        number(strict),
    )


def number(gas: int | None) -> str:
    return f"{gas:,}" if gas else ""


def holds(flow: Flow, gas: int | None) -> bool:
    return gas is not None and (gas <= TOLERATED * flow.ceiling or bool(flow.reason))


def report(broken: list[Flow]) -> int:
    """The exit code; the reasons of what is above its ceiling, where somebody has written them."""
    for flow in FLOWS:
        if flow.reason:
            print(f"\n{flow.name}: {flow.reason}")
    for flow in broken:
        print(f"\nABOVE its ceiling without a reason, or not measured: {flow.group}, {flow.name}", file=sys.stderr)
    return 1 if broken else 0


def read_snapshots() -> Snapshots:
    files = sorted(SNAPSHOTS.glob("*.json"))
    return {(file.stem, name): int(gas) for file in files for name, gas in json.loads(file.read_text()).items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
