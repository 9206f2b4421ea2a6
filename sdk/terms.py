"""What the parties sign, held by the client as values: Terms and Bid, field for field as in the contract
(snake_case here, the contract's names in messages and on the wire).

Amounts are int base units, times int unix seconds of the chain's clock, digests and salts "0x" hex.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Any, Self

ZERO_ADDRESS = "0x" + "00" * 20
ZERO_HASH = "0x" + "00" * 32


def fresh_salt() -> str:
    return "0x" + secrets.token_hex(32)


@dataclass(frozen=True)
class Terms:
    """A task's terms; `agent` zero means chosen at award, `awarder` zero means the buyer awards."""

    buyer: str
    agent: str
    awarder: str
    arbiter: str
    parent: str
    content: str
    salt: str
    budget: int
    child_cap: int
    award_by: int
    deliver_by: int
    review_seconds: int
    veto_seconds: int
    arbiter_seconds: int
    default_share_bps: int

    def to_wire(self) -> dict[str, Any]:
        """Amounts as decimal strings, everything else as it is."""
        return {**message_of(self), "budget": str(self.budget), "childCap": str(self.child_cap)}

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> Self:
        return cls(**typed_values(cls, wire))

    @property
    def is_direct_hire(self) -> bool:
        return self.agent != ZERO_ADDRESS


@dataclass(frozen=True)
class Bid:
    """An agent's offer: at least `min_price`, after at least `min_work_seconds`, paid to `payee`."""

    task_id: str
    agent_id: int
    agent: str
    payee: str
    min_price: int
    min_work_seconds: int
    valid_until: int
    salt: str

    def to_wire(self) -> dict[str, Any]:
        """The contract's field names, amounts as decimal strings."""
        return {**message_of(self), "minPrice": str(self.min_price)}

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> Self:
        return cls(**typed_values(cls, wire))


def message_of(struct: Terms | Bid) -> dict[str, Any]:
    """The members under the contract's names, in its order."""
    return {camel(name): value for name, value in vars(struct).items()}


def typed_values(cls: type[Terms] | type[Bid], wire: dict[str, Any]) -> dict[str, Any]:
    """Raises KeyError on a missing member and ValueError on a malformed number."""
    read = {field.name: (field.type, wire[camel(field.name)]) for field in fields(cls)}
    return {name: int(value) if kind is int else str(value) for name, (kind, value) in read.items()}


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def warnings_of(terms: Terms, published: Collection[str]) -> list[str]:
    """What in these terms favours the buyer unusually: an arbiter outside the published ones, a default share outside
    25-75%, a review of more than seven days."""
    found = {
        "arbiter_unpublished": terms.arbiter not in published,
        "default_share_extreme": not 2_500 <= terms.default_share_bps <= 7_500,
        "review_long": terms.review_seconds > 7 * 24 * 3600,
    }
    return [name for name, holds in found.items() if holds]


@dataclass(frozen=True)
class AuctionPlan:
    """How an agent shall be chosen: sealed_second_score, sealed_first_price, open_descending or dutch.

    Seconds run from the funding's notice on. What is left out takes the service's default for the kind: `value` (what a
    certain delivery is worth) and `reveal_seconds` of sealed kinds, `decrement_bps` and `extension_seconds` of open
    ones, `start_price` of Dutch ones; amounts are base units. `min_quality` (millionths) keeps out whoever is below it
    when the auction opens.
    """

    duration_seconds: int
    kind: str = "sealed_second_score"
    value: int | None = None
    reveal_seconds: int | None = None
    start_price: int | None = None
    decrement_bps: int | None = None
    extension_seconds: int | None = None
    min_quality: int | None = None

    def to_wire(self) -> dict[str, Any]:
        """Amounts as decimal strings."""
        said = {name: value for name, value in vars(self).items() if value is not None}
        return {name: str(value) if name in ("value", "start_price") else value for name, value in said.items()}


@dataclass(frozen=True)
class Windows:
    """Durations in seconds; deadlines are made from the chain's clock plus these."""

    award: int = 120
    deliver: int = 600
    review: int = 3 * 24 * 3600
    veto: int = 0
    arbiter: int = 7 * 24 * 3600


LONG_WINDOWS = Windows()


def make_terms(
    *,
    buyer: str,
    arbiter: str,
    content: str,
    budget: int,
    chain_time: int,
    windows: Windows = LONG_WINDOWS,
    agent: str = ZERO_ADDRESS,
    awarder: str = ZERO_ADDRESS,
    default_share_bps: int = 5000,
) -> Terms:
    """Fresh terms with a random salt. A direct hire (`agent` given) has no award, so `award_by` is 0."""
    hired = agent != ZERO_ADDRESS
    return Terms(
        buyer=buyer,
        agent=agent,
        awarder=awarder,
        arbiter=arbiter,
        parent=ZERO_HASH,
        content=content,
        salt=fresh_salt(),
        budget=budget,
        child_cap=0,
        award_by=0 if hired else chain_time + windows.award,
        deliver_by=chain_time + (0 if hired else windows.award) + windows.deliver,
        review_seconds=windows.review,
        veto_seconds=windows.veto,
        arbiter_seconds=windows.arbiter,
        default_share_bps=default_share_bps,
    )
