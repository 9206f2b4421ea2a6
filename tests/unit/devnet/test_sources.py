"""What the compiler is asked for each contract."""

from pathlib import PurePosixPath

import pytest

from devnet.sources import IMPORT, SOURCES, compiler_request, normal, resolved


@pytest.mark.parametrize(
    "line",
    [
        'import "./Terms.sol";',
        'import {Terms} from "./Terms.sol";',
        'import {\n    Terms,\n    Bid as Offer\n} from "./Terms.sol";',
        "import * as all from './Terms.sol';",
    ],
)
def test_finds_every_form_of_import(line: str) -> None:
    assert IMPORT.findall(f"pragma solidity 0.8.37;\n\n{line}\n") == ["./Terms.sol"]


def test_resolves_a_relative_import_and_a_remapped_one() -> None:
    assert resolved("../Payouts.sol", "contracts/src/escrow/Ledger.sol") == "contracts/src/Payouts.sol"
    assert resolved("solady/src/utils/EIP712.sol", "contracts/src/A.sol") == "node_modules/solady/src/utils/EIP712.sol"


def test_a_source_has_one_name_however_it_is_reached() -> None:
    assert normal(PurePosixPath("contracts/src/./escrow/../Signature.sol")) == "contracts/src/Signature.sol"


@pytest.mark.parametrize("name", SOURCES)
def test_a_request_carries_all_that_the_contract_imports(name: str) -> None:
    sources = compiler_request(name)["sources"]
    missing = {
        wanted
        for path, source in sources.items()
        for wanted in (resolved(found, path) for found in IMPORT.findall(source["content"]))
        if wanted not in sources
    }
    assert not missing


def test_each_contract_has_its_own_optimizer_runs() -> None:
    runs = {name: compiler_request(name)["settings"]["optimizer"]["runs"] for name in SOURCES}
    assert runs == {name: source.runs for name, source in SOURCES.items()}
