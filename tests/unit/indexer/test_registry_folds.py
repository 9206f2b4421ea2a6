"""Agents and feedback are folds of their registries' events."""

from itertools import count
from typing import Any

import pytest

from app.agents.mirror_rules import FoldedAgent, fold_agent
from app.chain.events import ChainEvent
from app.reputation.mirror_rules import FeedbackKey, FoldedFeedback, fold_feedback

NOBODY = "0x" + "0" * 40
OWNER = "0x1111111111111111111111111111111111111111"
BUYER = "0x2222222222222222222222222222222222222222"
HASH = "0x" + "ab" * 32
KEY = FeedbackKey(1, OWNER, 1)


def events(*steps: tuple[str, dict[str, Any]]) -> list[ChainEvent]:
    return [ChainEvent(n, 0, f"0x{n:064x}", 0, name, args) for n, (name, args) in zip(count(1), steps, strict=False)]


MINTED = ("Transfer", {"from": NOBODY, "to": OWNER, "id": "1"})
REGISTERED = ("Registered", {"agentId": "1", "agentURI": "u", "owner": OWNER})
SOLD = ("Transfer", {"from": OWNER, "to": BUYER, "id": "1"})


def metadata(key: str, value: str) -> tuple[str, dict[str, Any]]:
    return "MetadataSet", {"metadataKey": key, "metadataValue": value}


def agent(*steps: tuple[str, dict[str, Any]]) -> FoldedAgent:
    row = fold_agent(1, events(*steps))
    assert row is not None
    return row


def test_registering_sets_owner_uri_and_wallet() -> None:
    row = agent(MINTED, REGISTERED, metadata("agentWallet", OWNER.lower()))
    assert (row.owner, row.uri, row.wallet, row.registered_block, row.last_block) == (OWNER, "u", OWNER, 1, 3)


@pytest.mark.parametrize("value", ["0x", NOBODY])
def test_an_empty_wallet_is_none(value: str) -> None:
    assert agent(MINTED, REGISTERED, metadata("agentWallet", OWNER), metadata("agentWallet", value)).wallet is None


def test_a_sale_clears_the_wallet_and_nothing_else() -> None:
    row = agent(MINTED, REGISTERED, metadata("agentWallet", OWNER), metadata("team", "0xff"), SOLD)
    assert (row.owner, row.uri, row.wallet, row.metadata) == (BUYER, "u", None, {"team": "0xff"})


def test_the_last_uri_and_metadata_win() -> None:
    updated = ("URIUpdated", {"newURI": "v"})
    row = agent(MINTED, REGISTERED, metadata("team", "0x01"), updated, metadata("team", "0x02"))
    assert (row.uri, row.metadata) == ("v", {"team": "0x02"})


def test_an_agent_without_events_is_none() -> None:
    assert fold_agent(1, []) is None


GIVEN = (
    "NewFeedback",
    {
        "value": "-5",
        "valueDecimals": 1,
        "tag1": "a",
        "tag2": "b",
        "endpoint": "e",
        "feedbackURI": "f",
        "feedbackHash": HASH,
    },
)
RATED = ("TaskRated", {"taskId": HASH})
REVOKED: tuple[str, dict[str, Any]] = ("FeedbackRevoked", {})
ANSWERED: tuple[str, dict[str, Any]] = ("ResponseAppended", {})


def feedback(*steps: tuple[str, dict[str, Any]]) -> FoldedFeedback:
    row = fold_feedback(KEY, events(*steps))
    assert row is not None
    return row


@pytest.mark.parametrize("steps", [(GIVEN, RATED), (RATED, GIVEN)])
def test_feedback_is_tied_to_its_task_in_either_order(steps: tuple[tuple[str, dict[str, Any]], ...]) -> None:
    row = feedback(*steps)
    assert (row.task_id, row.value, row.value_decimals, row.revoked, row.last_block) == (HASH, -5, 1, False, 2)


def test_feedback_without_a_task_names_none() -> None:
    assert feedback(GIVEN).task_id is None


def test_revoked_feedback_stays_as_revoked() -> None:
    row = feedback(GIVEN, RATED, REVOKED, ANSWERED)
    assert (row.revoked, row.block_number, row.last_block) == (True, 1, 4)


def test_what_is_not_feedback_makes_no_row() -> None:
    assert fold_feedback(KEY, events(RATED, REVOKED)) is None
