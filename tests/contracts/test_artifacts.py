"""The committed artifacts are what the sources compile to, byte for byte."""

import pytest

from devnet.artifacts import ARTIFACTS, MAX_BYTES, compiled, runtime_bytes
from devnet.sources import SOURCES


@pytest.mark.parametrize("name", SOURCES)
def test_recompiling_gives_the_committed_bytes(name):
    assert (ARTIFACTS / f"{name}.json").read_text() == compiled(name), "run scripts/artifacts and commit the result"


@pytest.mark.parametrize("name", SOURCES)
def test_the_contract_fits_a_public_chain(name):
    assert runtime_bytes((ARTIFACTS / f"{name}.json").read_text()) < MAX_BYTES


def test_nothing_is_committed_that_has_no_source():
    assert {path.stem for path in ARTIFACTS.glob("*.json")} == set(SOURCES)


def test_ape_compiles_the_contracts_and_nothing_else(project):
    folders = {path.relative_to(project.contracts_folder).parts[0] for path in project.sources.paths}
    assert folders == {"src", "mocks"}
