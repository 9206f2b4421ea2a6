"""The committed artifacts are what the sources compile to, byte for byte."""

import json

import pytest

from devnet.artifacts import ARTIFACTS, SOURCES, compiled

# EIP-170 allows 24,576.
MAX_BYTES = 24_000


@pytest.fixture(scope="module")
def fresh():
    return compiled()


@pytest.mark.parametrize("name", SOURCES)
def test_recompiling_gives_the_committed_bytes(name, fresh):
    assert (ARTIFACTS / f"{name}.json").read_text() == fresh[name], "run scripts/artifacts and commit the result"


def test_the_contracts_fit_a_public_chain(fresh):
    sizes = {name: len(json.loads(text)["deployedBytecode"]) // 2 - 1 for name, text in fresh.items()}
    assert all(size < MAX_BYTES for size in sizes.values()), sizes


def test_ape_compiles_the_contracts_and_nothing_else(project):
    folders = {path.relative_to(project.contracts_folder).parts[0] for path in project.sources.paths}
    assert folders == {"src", "mocks"}
