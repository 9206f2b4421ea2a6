"""Keys from files, keystores and the environment; what is wrong with one is said without a word of it."""

import json
from pathlib import Path

import pytest
from eth_account import Account

from app.errors import SettingRefused
from app.signing.keys import KeyRing, open_signer
from devnet.keys import Role, role_key, write_key_file

KEY = "11" * 32
ADDRESS = Account.from_key(KEY).address


def secret(path: Path, text: str, mode: int = 0o600) -> Path:
    path.touch(mode)
    path.chmod(mode)
    path.write_text(text)
    return path


@pytest.mark.parametrize("prefix", ["file:", ""])
async def test_reads_a_file(tmp_path: Path, prefix: str) -> None:
    file = secret(tmp_path / "relayer.key", f"0x{KEY}\n")
    assert (await open_signer(f"{prefix}{file}", KeyRing())).address == ADDRESS


async def test_reads_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    assert (await open_signer("env:MY_KEY", KeyRing())).address == ADDRESS
    with pytest.raises(SettingRefused, match="NO_KEY"):
        await open_signer("env:NO_KEY", KeyRing())


async def test_opens_a_keystore_with_its_password(tmp_path: Path) -> None:
    encrypted = Account.encrypt(bytes.fromhex(KEY), "correct horse", kdf="pbkdf2", iterations=1000)
    keystore = secret(tmp_path / "key.json", json.dumps(encrypted))
    password, wrong = secret(tmp_path / "password", "correct horse\n"), secret(tmp_path / "wrong", "wrong")
    assert (await open_signer(f"keystore:{keystore}", KeyRing(password))).address == ADDRESS
    for ring, words in ((KeyRing(wrong), "the password opens"), (KeyRing(), "KEYSTORE_PASSWORD_FILE")):
        with pytest.raises(SettingRefused, match=words):
            await open_signer(f"keystore:{keystore}", ring)


async def test_refuses_a_file_that_others_may_read(tmp_path: Path) -> None:
    file = secret(tmp_path / "relayer.key", KEY, 0o640)
    with pytest.raises(SettingRefused, match="chmod 600"):
        await open_signer(f"file:{file}", KeyRing())


@pytest.mark.parametrize("text", ["0xsecretsecret", "", "22" * 31, "22" * 33, "00" * 32, "ff" * 32])
async def test_refuses_what_is_no_key_and_tells_nothing_of_it(tmp_path: Path, text: str) -> None:
    file = secret(tmp_path / "relayer.key", text)
    with pytest.raises(SettingRefused) as refused:
        await open_signer(f"file:{file}", KeyRing())
    assert not text or text not in str(refused.value)


async def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingRefused, match="FileNotFoundError"):
        await open_signer(f"file:{tmp_path / 'none'}", KeyRing())


async def test_production_refuses_the_keys_that_everybody_has(tmp_path: Path) -> None:
    for role in (Role.DEPLOYER, Role.RELAYER, Role.FEE_OWNER):
        file = write_key_file(tmp_path, "relayer", role_key(role))
        assert (await open_signer(f"file:{file}", KeyRing())).address == role_key(role).address
        with pytest.raises(SettingRefused, match="development chain"):
            await open_signer(f"file:{file}", KeyRing(production=True))
    own = secret(tmp_path / "own.key", KEY)
    assert (await open_signer(f"file:{own}", KeyRing(production=True))).address == ADDRESS
