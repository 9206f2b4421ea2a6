"""What goes wrong while following a chain. The loop asks one question: retry or stop. Anything else means stop.

Retry                 the same step may succeed a moment later
├── NodeUnavailable   no answer, or not in time
├── NodeRefused       an answer, but an error: a range too large, a block not found
├── TornRange         the answer contradicts itself
├── CursorMoved       another process moved the cursor
└── HelperLost        the process that computes is gone
Stop                  no retry can help; `exit_code` tells the supervisor why
├── WrongChain (2) · OtherChainMirrored (2) · OtherContractsMirrored (2)
├── FinalityUnknown (2) · DatabaseNotMigrated (2) · NothingMirrored (2) · RefoldRunning (2)
├── BlockNotMirrored (2) · ParentDiffers (2) · NotConfirmed (2)
├── FinalityBroken (3)
└── ChainBehind (4)
"""

from collections.abc import Iterable
from typing import ClassVar


class Retry(Exception):
    """The same step may succeed a moment later, though not before `after` seconds."""

    after: float = 0.0


class NodeUnavailable(Retry):
    """`after` are the seconds for which the node asks to be left alone."""

    def __init__(self, host: str, reason: str, *, after: float = 0.0) -> None:
        self.host, self.reason, self.after = host, reason, after
        super().__init__(f"node={host} {reason}")


class NodeRefused(Retry):
    def __init__(self, method: str, reason: str) -> None:
        self.method, self.reason = method, reason
        super().__init__(f"method={method} {reason}")


class TornRange(Retry):
    def __init__(self, first: int, last: int, reason: str) -> None:
        self.first, self.last, self.reason = first, last, reason
        super().__init__(f"blocks={first}..{last} {reason}")


class CursorMoved(Retry):
    def __init__(self, expected: int) -> None:
        self.expected = expected
        super().__init__(f"expected={expected} another process moved the cursor")


class HelperLost(Retry):
    def __init__(self) -> None:
        super().__init__("the process that computes ended")


class MalformedAnswer(Exception):
    """What a node said has another shape than its method promises; whoever asked calls the node unavailable."""


class Stop(Exception):
    """No retry can help."""

    exit_code: ClassVar[int] = 2


class WrongChain(Stop):
    def __init__(self, actual: int, required: int) -> None:
        self.actual, self.required = actual, required
        super().__init__(f"The node serves chain {actual}, but the deployment is on chain {required}.")


class OtherChainMirrored(Stop):
    def __init__(self, actual: int, required: int) -> None:
        self.actual, self.required = actual, required
        super().__init__(f"The database mirrors chain {actual}, but the deployment is on chain {required}.")


class OtherContractsMirrored(Stop):
    def __init__(self, mirrored: Iterable[bytes], required: Iterable[bytes]) -> None:
        self.mirrored, self.required = sorted(mirrored), sorted(required)
        super().__init__(
            f"The database mirrors the contracts {named(self.mirrored)}, but the deployment names "
            f"{named(self.required)}: give the new deployment a database of its own."
        )


def named(addresses: Iterable[bytes]) -> str:
    """Addresses as one reads them."""
    return ", ".join("0x" + address.hex() for address in addresses)


class FinalityUnknown(Stop):
    def __init__(self) -> None:
        super().__init__(
            "The node knows no finalized block: set FINALITY_DEPTH to count blocks instead, or "
            "ACCEPT_PENDING_FOREVER=true to mirror without anything ever becoming final."
        )


class DatabaseNotMigrated(Stop):
    def __init__(self) -> None:
        super().__init__("The database lacks the mirror's tables: run `python -m app.migrate` first.")


class NothingMirrored(Stop):
    def __init__(self, chain_id: int) -> None:
        self.chain_id = chain_id
        super().__init__(f"Nothing of chain {chain_id} is mirrored yet: there is nothing to work on.")


class RefoldRunning(Stop):
    def __init__(self) -> None:
        super().__init__("Another refold of this database is running: wait for it, or stop it.")


class BlockNotMirrored(Stop):
    def __init__(self, block: int, first: int, last: int) -> None:
        self.block, self.first, self.last = block, first, last
        super().__init__(f"Block {block} is not mirrored: choose one of {first}..{last}.")


class ParentDiffers(Stop):
    """`common` is the newest block that mirror and chain share; None where they share none."""

    def __init__(self, block: int, common: int | None) -> None:
        self.block, self.common = block, common
        way = "they share no block: give the chain a database of its own"
        if common is not None:
            way = f"the newest one that both have is {common}: say --from {common + 1}"
        super().__init__(f"Block {block} of the mirror is not the chain's: {way}.")


class NotConfirmed(Stop):
    def __init__(self, deleted: str) -> None:
        self.deleted = deleted
        super().__init__(f"This deletes {deleted}; readers miss them until they are fetched again. Say --yes to do it.")


class FinalityBroken(Stop):
    exit_code: ClassVar[int] = 3

    def __init__(self, floor: int) -> None:
        self.floor = floor
        super().__init__(
            f"The chain was reorganised below block {floor}, which was final: what was credited may be undone. "
            "Nothing was changed; `backfill --from BLOCK`, from a block below the fork, is the way on."
        )


class ChainBehind(Stop):
    exit_code: ClassVar[int] = 4

    def __init__(self, floor: int, head: int) -> None:
        self.floor, self.head = floor, head
        super().__init__(
            f"The chain came back behind the database: final block {floor} is not on it (its head is {head}). "
            "Empty both with `scripts/up --fresh`, or point at the chain that was mirrored."
        )
