"""Settings: required values, lists, and what production refuses."""

import pytest
from pydantic import ValidationError

from app.config import Settings, read_settings
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
