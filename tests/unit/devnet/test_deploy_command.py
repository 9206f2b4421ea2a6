"""What the command reads before it speaks to a node."""

from pathlib import Path

import pytest

from devnet.deploy_command import read_key
from devnet.release import DeploymentFailed

KEY = "0x" + "ab" * 32


def key_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "deployer.key"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_reads_a_key_of_its_owner_alone(tmp_path: Path) -> None:
    assert read_key(key_file(tmp_path, KEY + "\n")) == KEY


def test_refuses_a_file_that_others_may_read(tmp_path: Path) -> None:
    with pytest.raises(DeploymentFailed, match="chmod 600"):
        read_key(key_file(tmp_path, KEY, 0o640))


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DeploymentFailed, match="no key file"):
        read_key(tmp_path / "deployer.key")


@pytest.mark.parametrize("text", ["", KEY[2:], KEY[:-2], KEY + "00", "0x" + "zz" * 32])
def test_refuses_what_is_no_key_and_does_not_repeat_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(DeploymentFailed, match="holds no key") as refused:
        read_key(key_file(tmp_path, text))
    assert not text or text not in str(refused.value)
