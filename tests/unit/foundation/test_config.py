"""Settings: required values, lists, and what production refuses."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.chain.deployment import Deployment
from app.chain.production import require_production
from app.config import Settings, read_settings
from app.database import Address
from app.errors import SettingRefused

DEVELOPMENT = {
    "ENVIRONMENT": "development",
    "DATABASE_URL": "postgresql://guild:secret@127.0.0.1:5432/guild",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "RPC_URLS": "http://127.0.0.1:8545, http://127.0.0.1:8546",
    "DEPLOYMENT_FILE": "deployment.json",
    "CONTENT_DIR": "content",
    "PUBLIC_URL": "http://127.0.0.1:8000",
}


def settings_with(monkeypatch: pytest.MonkeyPatch, **changes: str) -> Settings:
    for name, value in {**DEVELOPMENT, **changes}.items():
        monkeypatch.setenv(name, value)
    return read_settings()


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_with(monkeypatch)
    assert settings.rpc_urls == ("http://127.0.0.1:8545", "http://127.0.0.1:8546")
    assert settings.arbiters == ()


def test_the_database_password_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_with(monkeypatch)
    assert "secret" not in repr(settings)
    assert settings.sqlalchemy_url == "postgresql+asyncpg://guild:secret@127.0.0.1:5432/guild"


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "REDIS_URL", "RPC_URLS", "DEPLOYMENT_FILE", "CONTENT_DIR", "PUBLIC_URL"]
)
def test_a_missing_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    settings_with(monkeypatch)
    monkeypatch.delenv(name)
    with pytest.raises(ValidationError, match=name.lower()):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [("FAULT_AT", "indexer.mid_copy"), ("REORG_HANDLING", "off"), ("PUBLIC_URL", "http://market.example")],
)
def test_production_refuses_what_is_for_development(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    production = {"ENVIRONMENT": "production", "PUBLIC_URL": "https://market.example", name: value}
    with pytest.raises(SettingRefused, match=name):
        settings_with(monkeypatch, **production)


def test_any_setting_comes_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "database"
    secret.write_text("postgresql://guild:from-a-file@db/guild\n")
    settings_with(monkeypatch)
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("DATABASE_URL_FILE", str(secret))
    settings = read_settings()
    assert settings.database_url.get_secret_value() == "postgresql://guild:from-a-file@db/guild"


def test_a_setting_and_its_file_are_one_too_many(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SettingRefused, match="REDIS_URL"):
        settings_with(monkeypatch, REDIS_URL_FILE=str(tmp_path / "redis"))


def test_a_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings_with(monkeypatch)
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingRefused, match="REDIS_URL_FILE"):
        read_settings()


def test_the_relayers_keys_are_one_list(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_with(monkeypatch).relayer_sources == ()
    settings = settings_with(
        monkeypatch, RELAYER_KEY_FILE="/keys/a", RELAYER_KEYS="env:B, file:/keys/a, signer:http://c"
    )
    assert settings.relayer_sources == ("file:/keys/a", "env:B", "signer:http://c")


def production(monkeypatch: pytest.MonkeyPatch, **changes: str) -> Settings:
    return settings_with(monkeypatch, ENVIRONMENT="production", PUBLIC_URL="https://market.example", **changes)


def deployment(chain_id: int, token: str) -> Deployment:
    nobody = Address("0x" + "00" * 20)
    return Deployment(chain_id, 1, Address(token), nobody, nobody, nobody)


NATIVE_USDC, BRIDGED_USDC = "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", "0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174"
ANOTHER = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"


def test_production_takes_the_chains_own_dollar_only(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = production(monkeypatch)
    require_production(settings, deployment(137, NATIVE_USDC))
    for chain_id, token, words in (
        (137, BRIDGED_USDC, "the escrow's token"),
        (80002, NATIVE_USDC, "the escrow's token"),
        (31337, NATIVE_USDC, "development chain"),
        (1, ANOTHER, "USDC_ADDRESS"),
    ):
        with pytest.raises(SettingRefused, match=words):
            require_production(settings, deployment(chain_id, token))


def test_production_on_another_chain_names_its_dollar(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = production(monkeypatch, USDC_ADDRESS=ANOTHER)
    require_production(settings, deployment(1, ANOTHER))
    require_production(settings, deployment(137, NATIVE_USDC))
    with pytest.raises(SettingRefused, match="the escrow's token"):
        require_production(settings, deployment(1, NATIVE_USDC))
    with pytest.raises(SettingRefused, match="USDC_ADDRESS"):
        require_production(production(monkeypatch, USDC_ADDRESS=ANOTHER.lower()), deployment(1, ANOTHER))


def test_development_may_do_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    require_production(settings_with(monkeypatch), deployment(31337, ANOTHER))
