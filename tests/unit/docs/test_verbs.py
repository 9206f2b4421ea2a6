"""The pages of docs/verbs say what the contracts do: names, refusals, events and gas are compared with them."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(page for page in (ROOT / "docs" / "verbs").glob("*.md") if page.stem != "README")
CONTRACTS = ("TaskEscrow", "ReputationRegistry")
# What a verb's page has no business with: reads, and what only the reputation registry calls.
NO_VERB = {"rate"}


def abi_names(kind: str, contract: str) -> set[str]:
    abi = json.loads((ROOT / "contracts" / "artifacts" / f"{contract}.json").read_text())["abi"]
    return {entry["name"] for entry in abi if entry["type"] == kind}


def known(kind: str) -> set[str]:
    return set().union(*(abi_names(kind, contract) for contract in CONTRACTS))


def table(page: Path, heading: str) -> list[tuple[str, str]]:
    """The rows of the two-column table under a heading, its head left out."""
    text = page.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in text.splitlines() if "|" in line]
    return [(row[0], row[1]) for row in rows[2:]]


def snapshots() -> dict[str, int]:
    files = (ROOT / "contracts" / "gas").glob("*.json")
    return {flow: int(gas) for file in sorted(files) for flow, gas in json.loads(file.read_text()).items()}


def test_every_verb_of_the_escrow_is_told_of() -> None:
    abi = json.loads((ROOT / "contracts" / "artifacts" / "TaskEscrow.json").read_text())["abi"]
    verbs = {e["name"] for e in abi if e["type"] == "function" and e["stateMutability"] == "nonpayable"}
    text = "".join(page.read_text() for page in PAGES)
    untold = {verb for verb in verbs - NO_VERB if f"`{verb}`" not in text and f"# {verb}\n" not in text}
    assert not untold


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_refusals_are_the_contracts(page: Path) -> None:
    named = {match for cell, _ in table(page, "What can go wrong") for match in re.findall(r"`(\w+)`", cell)}
    assert named or page.stem == "multicall"
    assert named <= known("error")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_events_are_the_contracts(page: Path) -> None:
    line = next(line for line in page.read_text().splitlines() if line.startswith("| events |"))
    named = set(re.findall(r"`(\w+)(?:\(.*?\))?`", line))
    assert named <= known("event") | {"claimed", "true"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_costs_are_those_of_the_snapshot(page: Path) -> None:
    """The snapshot is itself held exactly by the contract tests."""
    measured = snapshots()
    for flow, gas in table(page, "What it costs"):
        assert measured[flow] == int(gas.replace(",", "")), flow
