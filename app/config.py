"""One frozen Settings, read from the environment, or from the file that NAME_FILE names in NAME's place.

Values without which a process cannot work have no default. Keys are read from files, never from the command line.
"""

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from app.errors import SettingRefused

MEBIBYTE = 1024 * 1024


class FromFiles(PydanticBaseSettingsSource):
    """Any setting from a file, as containers are given their secrets. Raises SettingRefused."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The file's text without the white space around it; None where no file is named."""
        name = field_name.upper()
        path = os.environ.get(f"{name}_FILE")
        if not path or f"{field_name}_file" in self.settings_cls.model_fields:
            return None, field_name, False
        if os.environ.get(name):
            raise SettingRefused(name=name, reason=f"it is set, and {name}_FILE too: which one counts?")
        try:
            return Path(path).read_text().strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            raise SettingRefused(name=f"{name}_FILE", reason=f"it cannot be read ({type(error).__name__})") from None

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class Settings(BaseSettings):
    """What a process is told. Seconds and bytes are named as such."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    environment: Literal["development", "production"] = "production"
    database_url: SecretStr
    redis_url: SecretStr
    rpc_urls: Annotated[tuple[str, ...], NoDecode]
    rpc_ws_url: SecretStr | None = None
    deployment_file: Path
    content_dir: Path
    public_url: str
    api_host: str = "127.0.0.1"
    api_port: int = 8000
    usdc_address: str | None = None
    relayer_key_file: Path | None = None
    relayer_keys: Annotated[tuple[str, ...], NoDecode] = ()
    keystore_password_file: Path | None = None
    signer_token_file: Path | None = None
    gas_day_wei: int = Field(default=50 * 10**18, ge=0)
    gas_start_wei: int = Field(default=0, ge=0)
    gas_contract_start_wei: int = Field(default=0, ge=0)
    gas_deposit_wei: int = Field(default=10**17, ge=0)
    gas_token_price: int = Field(default=250_000, ge=1)
    auctioneer_key_file: Path | None = None
    sequencer_key_file: Path | None = None
    call_credit: int = Field(default=1_000_000, ge=0)
    call_credit_most: int = Field(default=100_000_000, ge=0)
    calls_days: int = Field(default=90, ge=1)
    arbiters: Annotated[tuple[str, ...], NoDecode] = ()
    operators: Annotated[tuple[str, ...], NoDecode] = ()
    finality_depth: int | None = Field(default=None, ge=1)
    accept_pending_forever: bool = False
    indexer_port: int | None = Field(default=None, ge=1, le=65_535)
    audit_key: SecretStr | None = Field(default=None, min_length=32)
    audit_share: int = Field(default=50_000, ge=0, le=1_000_000)
    audit_pause_seconds: float = Field(default=1.0, ge=0)
    poll_seconds: float = Field(default=0.25, gt=0)
    rpc_quorum: int = Field(default=1, ge=1)
    rpc_timeout_seconds: float = Field(default=10.0, gt=0)
    token_keys_file: Path | None = None
    access_minutes: float = Field(default=15.0, gt=0, le=15)
    sign_in_hours: float = Field(default=8.0, gt=0)
    requests_per_second: float = Field(default=50.0, gt=0)
    anonymous_requests_per_second: float = Field(default=20.0, gt=0)
    burst_seconds: float = Field(default=10.0, ge=1)
    private_endpoints: bool = False
    max_json_bytes: int = MEBIBYTE
    max_content_bytes: int = 32 * MEBIBYTE
    trail_anchor_minutes: float = Field(default=60.0, gt=0)
    trail_days: int | None = Field(default=None, ge=7)
    trail_origin_days: int = Field(default=90, ge=1)
    trail_export_dir: Path | None = None
    search_by: Literal["words", "meaning", "both"] = "words"
    embedder_url: str | None = None
    embedder_token: SecretStr | None = None
    embedder_model: str | None = None
    embedder_dimensions: int | None = Field(default=None, ge=1, le=16_000)
    embedder_batch: int = Field(default=64, ge=1, le=2_048)
    embedder_tries: int = Field(default=2, ge=1, le=5)
    embedder_timeout_seconds: float = Field(default=2.0, gt=0, le=60)
    referral_share_bps: int = Field(default=0, ge=0, le=5_000)
    referral_cap: int = Field(default=100_000_000, ge=1)
    referral_days: int = Field(default=365, ge=1, le=3_650)
    referral_name_days: int = Field(default=7, ge=1, le=365)
    referral_payout_least: int = Field(default=1_000_000, ge=1)
    reorg_handling: Literal["on", "off"] = "on"
    fault_at: str = ""

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # what is left out is not read
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        **_: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code, then the environment, then the files that it names."""
        return init_settings, env_settings, FromFiles(settings_cls)

    @field_validator("rpc_urls", "arbiters", "operators", "relayer_keys", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _require_a_node_for_each_voice(self) -> Self:
        if self.rpc_quorum > len(set(self.rpc_urls)):
            raise SettingRefused(name="RPC_QUORUM", reason=f"RPC_URLS must name {self.rpc_quorum} different nodes")
        return self

    @model_validator(mode="after")
    def _require_all_of_an_embedder(self) -> Self:
        if self.embedder_url is None:
            return self
        if not is_web_address(self.embedder_url):
            raise SettingRefused(name="EMBEDDER_URL", reason="it is no http:// or https:// URL")
        for name in ("embedder_model", "embedder_dimensions"):
            if getattr(self, name) is None:
                raise SettingRefused(name=name.upper(), reason="EMBEDDER_URL needs it beside")
        return self

    @model_validator(mode="after")
    def _refuse_development_in_production(self) -> Self:
        if not self.in_production:
            return self
        if self.fault_at:
            raise SettingRefused(name="FAULT_AT", reason="crash points are for tests, not for production")
        if self.private_endpoints:
            raise SettingRefused(name="PRIVATE_ENDPOINTS", reason="agents could make the service call its own network")
        if self.reorg_handling == "off":
            raise SettingRefused(name="REORG_HANDLING", reason="only a test may switch it off")
        if not self.public_url.startswith("https://"):
            raise SettingRefused(name="PUBLIC_URL", reason="production needs https://")
        return self

    @property
    def in_production(self) -> bool:
        """Whether what is for development is refused."""
        return self.environment == "production"

    @property
    def relayer_sources(self) -> tuple[str, ...]:
        """Where the relayer's keys are (app/signing/keys.py); none where this deployment carries nothing."""
        single = () if self.relayer_key_file is None else (f"file:{self.relayer_key_file}",)
        return tuple(dict.fromkeys((*single, *self.relayer_keys)))

    @property
    def origin(self) -> str:
        """The service as sign-in messages and tokens name it: its public URL without a slash at the end."""
        return self.public_url.rstrip("/")

    @cached_property
    def sqlalchemy_url(self) -> str:
        """The database for SQLAlchemy over asyncpg."""
        return sqlalchemy_url(self.database_url.get_secret_value())


def sqlalchemy_url(url: str) -> str:
    """The same database as SQLAlchemy over asyncpg is told of it."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def is_web_address(url: str) -> bool:
    """Whether it has the scheme, a host and no impossible port."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def read_settings() -> Settings:
    """Settings from the environment. Raises pydantic.ValidationError naming each missing or wrong value."""
    return Settings()
