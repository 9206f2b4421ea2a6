"""A key file is its owner's alone."""

from pathlib import Path

import pytest

from app.errors import SettingRefused
from app.relayer.sender import read_key
from devnet.keys import Role, role_key, write_key_file


def test_reads_the_key(tmp_path: Path) -> None:
    key = role_key(Role.RELAYER)
    assert read_key(write_key_file(tmp_path, "relayer", key)).address == key.address


def test_refuses_a_file_that_others_may_read(tmp_path: Path) -> None:
    file = write_key_file(tmp_path, "relayer", role_key(Role.RELAYER))
    file.chmod(0o640)
    with pytest.raises(SettingRefused, match="chmod 600"):
        read_key(file)


def test_refuses_a_file_without_a_key_and_tells_nothing_of_it(tmp_path: Path) -> None:
    file = tmp_path / "relayer.key"
    file.touch(0o600)
    file.write_text("0xsecretsecret")
    with pytest.raises(SettingRefused) as refused:
        read_key(file)
    assert "secret" not in str(refused.value)
