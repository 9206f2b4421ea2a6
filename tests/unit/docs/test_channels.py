"""docs/channels.md says what the contracts do: verbs, refusals, events and gas are compared with them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "channels.md").read_text()
# Met at deployment only.
NO_REFUSAL = {"ZeroParty"}
ROW = re.compile(r"^\| ([^|`]+) \| ([\d,]+) \|", re.MULTILINE)


def entries(kind: str) -> list[dict[str, Any]]:
    abi = json.loads((ROOT / "contracts" / "artifacts" / "PaymentChannel.json").read_text())["abi"]
    return [entry for entry in abi if entry["type"] == kind]


def told(name: str) -> bool:
    return f"`{name}`" in PAGE


def test_every_verb_of_a_channel_is_told_of() -> None:
    verbs = {entry["name"] for entry in entries("function") if entry["stateMutability"] == "nonpayable"}
    assert {verb for verb in verbs if not told(verb)} == set()


@pytest.mark.parametrize("kind", ["error", "event"])
def test_every_error_and_event_is_told_of(kind: str) -> None:
    assert {entry["name"] for entry in entries(kind) if not told(entry["name"])} <= NO_REFUSAL


@pytest.mark.parametrize("group", ["PaymentChannel", "Splitter"])
def test_costs_are_those_of_the_snapshot(group: str) -> None:
    """The snapshot is itself held exactly by the contract tests."""
    measured = json.loads((ROOT / "contracts" / "gas" / f"{group}.json").read_text())
    stated = {flow: gas.replace(",", "") for flow, gas in ROW.findall(PAGE)}
    assert {flow: stated.get(flow) for flow in measured} == measured
