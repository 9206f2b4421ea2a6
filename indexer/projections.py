"""Which events make which rows: each mirrored table is a fold over the events of its key.

An event table is appended to; a projection's rows are folded anew from all events of the touched keys, so that a
reorg needs no code of its own.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from operator import itemgetter
from typing import Any, NamedTuple

from app.agents.mirror_models import AgentEvent, ChainAgent
from app.agents.mirror_rules import fold_agent
from app.chain.deployment import Deployment
from app.chain.events import ChainEvent
from app.channels import mirror_rules as channel_rules
from app.channels.mirror_models import Channel, ChannelEvent
from app.channels.mirror_rules import FoldedChannel, fold_channel
from app.database import Base
from app.escrow import rules as escrow_rules
from app.escrow.models import Escrow, EscrowEvent, Owed
from app.escrow.rules import FoldedEscrow, fold_escrow, fold_owed
from app.reputation.mirror_models import Feedback, FeedbackEvent
from app.reputation.mirror_rules import FeedbackKey, fold_feedback
from indexer.decode import Contract, Decoded
from indexer.slicers import DirtyLog
from indexer.tables import names_of

Key = tuple[Any, ...]
"""The key columns' values: hashes and addresses as hex strings, ids as ints."""

MAX_ID = 2**63 - 1


class IdTooLarge(DirtyLog):
    """An id does not fit its column; no registry of the deployment can give such a one."""


@dataclass(frozen=True, eq=False)
class EventTable:
    """Where a contract's events are kept, and the columns of its own by which they are found."""

    model: type[Base]
    contract: Contract
    names: frozenset[str]
    columns: tuple[str, ...]
    values: Callable[[ChainEvent], Key]
    subject: Callable[[ChainEvent], str]

    @cached_property
    def name(self) -> str:
        return str(self.model.__tablename__)


@dataclass(frozen=True)
class Projection:
    """A table of folded rows. `subject` names a touched key in announcements."""

    model: type[Base]
    events: EventTable
    key: tuple[str, ...]
    fold: Callable[[Key, Iterable[ChainEvent], Any], object | None]
    """(key, events, the row that the earlier events made, or None to fold from the first on)."""
    subject: Callable[[Key], str]
    begins: frozenset[str] = frozenset()
    """An event of this name comes with all that happened before to its key: nothing older needs to be read."""
    row: Callable[..., Any] | None = None
    """What a stored row becomes for `fold` to go on from; None where it cannot."""
    settled: frozenset[str] = frozenset()
    """Columns that the event which begins a row says once and for all: a fold that goes on does without them."""

    added: frozenset[str] = frozenset()
    """Columns that later events set, and neither read nor take back: where they set none, the stored value stays."""

    @cached_property
    def going_on(self) -> tuple[str, ...]:
        """The columns that a fold which goes on may change, and the key."""
        return tuple(name for name in names_of(self.model) if name not in self.settled)

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """Those that it reads, and the key."""
        return tuple(name for name in self.going_on if name not in self.added)

    def key_in(self, values: Key) -> Key | None:
        """The key that an event row touches, given the values of its own columns."""
        key = self.key_of(values)
        return None if None in key else key

    def keys_in(self, values: Iterable[Key]) -> set[Key]:
        """The keys that event rows touch."""
        return {key for key in map(self.key_in, values) if key is not None}

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Where the key's values stand among those of an event."""
        return tuple(self.events.columns.index(name) for name in self.key)

    @cached_property
    def key_of(self) -> Callable[[Key], Key]:
        if len(self.places) == 1:
            (only,) = self.places
            return lambda values: (values[only],)
        return itemgetter(*self.places)


class Placed(NamedTuple):
    """An event with its table and the values of that table's own columns."""

    table: EventTable
    event: ChainEvent
    values: Key


def place(decoded: Decoded) -> Placed | None:
    """Where an event goes; None for one that makes no row (such as an ERC-721 approval). Raises IdTooLarge."""
    table = PLACES.get(decoded.reader.kind)
    return None if table is None else Placed(table, decoded.event, table.values(decoded.event))


TASK_EVENTS = frozenset(
    {
        *("TaskFunded", "TaskAwarded", "TaskSubmitted", "TaskReleased", "TaskRefunded"),
        *("TaskDisputed", "TaskSettled", "TaskRuled", "PaymentOwed", "BidRevoked", "ChildFunded", "ChildReturned"),
    }
)
ESCROW_EVENTS = TASK_EVENTS | {"Withdrawn", "FeesCollected", "FundingPaused"}
OWED_EVENTS = frozenset({"PaymentOwed", "Withdrawn"})
AGENT_EVENTS = frozenset({"Registered", "URIUpdated", "MetadataSet", "Transfer"})
CHANNEL_EVENTS = frozenset(
    {
        *("ChannelOpened", "ChannelToppedUp", "VoucherRedeemed", "VoucherSkipped", "ChannelClosing"),
        *("ChannelClosed", "ChannelFundedTask", "PaymentOwed", "Withdrawn"),
    }
)
NO_CHANNEL = "0x" + "0" * 64
FEEDBACK_EVENTS = frozenset({"NewFeedback", "TaskRated", "FeedbackRevoked", "ResponseAppended"})


def escrow_values(event: ChainEvent) -> Key:
    return task_of(event), event.args["owner"] if event.name in OWED_EVENTS else None


def task_of(event: ChainEvent) -> str | None:
    """What a child took and gave back is told of its parent."""
    found: str | None = event.args.get("taskId") or event.args.get("parentId")
    return found


def escrow_subject(event: ChainEvent) -> str:
    args, task = event.args, task_of(event)
    if task is not None:
        return task_subject((task,))
    return owner_subject((args.get("owner") or args.get("to") or "none",))


def agent_values(event: ChainEvent) -> Key:
    return (small_id(event.args["id"] if event.name == "Transfer" else event.args["agentId"]),)


def feedback_values(event: ChainEvent) -> Key:
    args = event.args
    return small_id(args["agentId"]), args["clientAddress"], small_id(args["feedbackIndex"])


def channel_values(event: ChainEvent) -> Key:
    """A batch pays a payee for many channels at once: what is owed then names none."""
    channel = event.args.get("channelId")
    return None if channel == NO_CHANNEL else channel, event.args["owner"] if event.name in OWED_EVENTS else None


def channel_event_subject(event: ChainEvent) -> str:
    channel, owner = channel_values(event)
    return owner_subject((owner,)) if channel is None else channel_subject((channel,))


def channel_subject(key: Key) -> str:
    return f"channel:{key[0]}"


def small_id(value: str) -> int:
    number = int(value)
    if number > MAX_ID:
        raise IdTooLarge(f"id {number} does not fit")
    return number


def task_subject(key: Key) -> str:
    return f"task:{key[0]}"


def owner_subject(key: Key) -> str:
    return f"owner:{key[0]}"


def agent_subject(key: Key) -> str:
    return f"agent:{key[0]}"


ESCROW_TABLE = EventTable(
    EscrowEvent, Contract.ESCROW, ESCROW_EVENTS, ("task_id", "owner"), escrow_values, escrow_subject
)
AGENT_TABLE = EventTable(
    AgentEvent, Contract.IDENTITY, AGENT_EVENTS, ("agent_id",), agent_values, lambda e: agent_subject(agent_values(e))
)
FEEDBACK_TABLE = EventTable(
    FeedbackEvent,
    Contract.REPUTATION,
    FEEDBACK_EVENTS,
    ("agent_id", "client", "feedback_index"),
    feedback_values,
    lambda event: agent_subject(feedback_values(event)),
)
CHANNEL_TABLE = EventTable(
    ChannelEvent,
    Contract.CHANNELS,
    CHANNEL_EVENTS,
    ("channel_id", "owner"),
    channel_values,
    channel_event_subject,
)
EVENT_TABLES = (ESCROW_TABLE, AGENT_TABLE, FEEDBACK_TABLE, CHANNEL_TABLE)
FOLDED = (Escrow, Owed, ChainAgent, Feedback, Channel)
"""The models of folded rows."""
PLACES = {f"{table.contract}.{name}": table for table in EVENT_TABLES for name in table.names}


@cache
def projections_for(deployment: Deployment) -> Sequence[Projection]:
    """Everything that is folded for one deployment."""

    def escrow(_key: Key, events: Iterable[ChainEvent], begun: FoldedEscrow | None) -> object | None:
        return fold_escrow(events, chain_id=deployment.chain_id, escrow=deployment.escrow, begun=begun)

    return (
        Projection(
            Escrow,
            ESCROW_TABLE,
            ("task_id",),
            escrow,
            task_subject,
            frozenset({"TaskFunded"}),
            row=FoldedEscrow,
            settled=escrow_rules.SETTLED,
            added=escrow_rules.ADDED,
        ),
        Projection(Owed, ESCROW_TABLE, ("owner",), lambda key, events, _: fold_owed(key[0], events), owner_subject),
        Projection(
            ChainAgent,
            AGENT_TABLE,
            ("agent_id",),
            lambda key, events, _: fold_agent(key[0], events),
            agent_subject,
            frozenset({"Registered"}),
        ),
        Projection(
            Feedback,
            FEEDBACK_TABLE,
            ("agent_id", "client", "feedback_index"),
            lambda key, events, _: fold_feedback(FeedbackKey(*key), events),
            agent_subject,
            frozenset({"NewFeedback"}),
        ),
        Projection(
            Channel,
            CHANNEL_TABLE,
            ("channel_id",),
            lambda _, events, begun: fold_channel(events, begun),
            channel_subject,
            frozenset({"ChannelOpened"}),
            row=FoldedChannel,
            settled=channel_rules.SETTLED,
        ),
    )
