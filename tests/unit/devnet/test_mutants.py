"""Which mistakes are made in a Solidity source, and in which order."""

import json
import subprocess
from collections import Counter
from typing import Any

import pytest

from devnet.proofs.mutants import Mutant, mutants, spread
from devnet.solc import solc_binary

PATH = "contracts/src/Sample.sol"
SOURCE = """
// é takes two bytes
contract Sample {
    enum State { None, Funded, Submitted }
    error Late(uint256 actual, uint256 limit);
    event Paid(uint256 amount, uint256 fee);
    mapping(bytes32 => State) states;
    bytes32 constant TYPE = keccak256("Pay(uint256)");
    uint256 total;

    function pay(uint256 amount, uint256 fee, bool kept) external {
        if (block.timestamp > 14 days) revert Late(block.timestamp, fee);
        _requireOpen();
        if (!kept && amount >= fee) total += kept ? amount - fee : fee;
        states[TYPE] = State.Funded;
        emit Paid(amount, fee);
        assembly { mstore(0, add(amount, 5)) }
    }

    function _requireOpen() private view {}
}
""".encode()


@pytest.fixture(scope="module")
def found() -> list[Mutant]:
    return mutants(PATH, SOURCE, compiled(SOURCE)["sources"][PATH]["ast"])


@pytest.mark.parametrize(
    ("operator", "after"),
    [
        ("guard", "if (false) revert Late(block.timestamp, fee);"),
        ("guard", "{}"),
        ("relational", "if (block.timestamp >= 14 days) revert Late(block.timestamp, fee);"),
        ("relational", "if (!kept && amount > fee) total += kept ? amount - fee : fee;"),
        ("relational", "if (!kept && amount < fee) total += kept ? amount - fee : fee;"),
        ("argument", "if (block.timestamp > 14 days) revert Late(fee, block.timestamp);"),
        ("argument", "emit Paid(fee, amount);"),
        ("constant", "if (block.timestamp > (14 days + 1)) revert Late(block.timestamp, fee);"),
        ("constant", 'bytes32 constant TYPE = keccak256("Pay(uint256)_");'),
        ("constant", "states[TYPE] = State.Submitted;"),
        ("logical", "if (kept && amount >= fee) total += kept ? amount - fee : fee;"),
        ("logical", "if (!kept || amount >= fee) total += kept ? amount - fee : fee;"),
        ("condition", "if (true) total += kept ? amount - fee : fee;"),
        ("condition", "if (!kept && amount >= fee) total += false ? amount - fee : fee;"),
        ("arithmetic", "if (!kept && amount >= fee) total -= kept ? amount - fee : fee;"),
        ("arithmetic", "if (!kept && amount >= fee) total += kept ? amount + fee : fee;"),
        ("statement", "if (!kept && amount >= fee) {}"),
        ("assembly", "assembly { mstore(0, sub(amount, 5)) }"),
        ("assembly", "assembly { mstore(0, add(amount, 6)) }"),
        ("assembly", "assembly {  }"),
    ],
)
def test_makes_this_mistake(found: list[Mutant], operator: str, after: str) -> None:
    assert any(m.operator == operator and " ".join(m.after.split()) == " ".join(after.split()) for m in found)


def test_every_mistake_is_another_source(found: list[Mutant]) -> None:
    changed = {mutant.applied(SOURCE) for mutant in found}
    assert len(changed) == len({mutant.id for mutant in found}) == len(found) > 20
    assert SOURCE not in changed


def test_a_mutant_keeps_its_id_when_other_lines_move(found: list[Mutant]) -> None:
    moved = b"// one more line\n" + SOURCE
    again = mutants(PATH, moved, compiled(moved)["sources"][PATH]["ast"])
    assert [mutant.id for mutant in again] == [mutant.id for mutant in found]
    assert [mutant.line - 1 for mutant in again] == [mutant.line for mutant in found]


def test_an_order_holds_all_and_begins_everywhere(found: list[Mutant]) -> None:
    order = list(spread(found, 7))
    assert Counter(order) == Counter(found)
    assert len({mutant.operator for mutant in order[:12]}) >= 6
    assert order == list(spread(found, 7)) != list(spread(found, 8))


def compiled(source: bytes) -> dict[str, Any]:
    request = {
        "language": "Solidity",
        "sources": {PATH: {"content": source.decode()}},
        "settings": {"outputSelection": {"*": {"": ["ast"]}}},
    }
    argv = [str(solc_binary()), "--standard-json"]
    done = subprocess.run(argv, input=json.dumps(request), capture_output=True, text=True, check=True, timeout=60)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
