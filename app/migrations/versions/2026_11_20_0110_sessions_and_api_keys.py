"""Sessions are families of rotating refresh tokens; API keys stand beside them. Whoever is signed in signs in anew."""

from alembic import op

revision = "0110"
down_revision = "0100"
branch_labels = None
depends_on = None

SESSIONS = """
CREATE TABLE market.sessions (
    id uuid CONSTRAINT sessions_pkey PRIMARY KEY,
    address bytea NOT NULL CONSTRAINT sessions_address_fkey REFERENCES market.accounts,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT sessions_times_check CHECK (created_at < expires_at)
)
"""
SESSIONS_BY_ADDRESS = "CREATE INDEX sessions_address_expires_at_idx ON market.sessions (address, expires_at)"

REFRESH_TOKENS = """
CREATE TABLE market.refresh_tokens (
    token_hash bytea CONSTRAINT refresh_tokens_pkey PRIMARY KEY
        CONSTRAINT refresh_tokens_token_hash_check CHECK (length(token_hash) = 32),
    session_id uuid NOT NULL CONSTRAINT refresh_tokens_session_id_fkey REFERENCES market.sessions ON DELETE CASCADE,
    issued_at timestamptz NOT NULL,
    used_at timestamptz
)
"""
REFRESH_TOKENS_BY_SESSION = "CREATE INDEX refresh_tokens_session_id_idx ON market.refresh_tokens (session_id)"

API_KEYS = """
CREATE TABLE market.api_keys (
    id uuid CONSTRAINT api_keys_pkey PRIMARY KEY,
    key_hash bytea NOT NULL CONSTRAINT api_keys_key_hash_key UNIQUE
        CONSTRAINT api_keys_key_hash_check CHECK (length(key_hash) = 32),
    address bytea NOT NULL CONSTRAINT api_keys_address_fkey REFERENCES market.accounts,
    name text NOT NULL,
    hint text NOT NULL,
    scopes text[] NOT NULL CONSTRAINT api_keys_scopes_check CHECK (cardinality(scopes) > 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    last_used_at timestamptz,
    CONSTRAINT api_keys_times_check CHECK (created_at < expires_at)
)
"""
API_KEYS_BY_ADDRESS = "CREATE INDEX api_keys_address_created_at_idx ON market.api_keys (address, created_at)"

OLD_SESSIONS = """
CREATE TABLE market.sessions (
    token_hash bytea CONSTRAINT sessions_pkey PRIMARY KEY
        CONSTRAINT sessions_token_hash_check CHECK (length(token_hash) = 32),
    address bytea NOT NULL CONSTRAINT sessions_address_fkey REFERENCES market.accounts,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
)
"""


def upgrade() -> None:
    op.execute("DROP TABLE market.sessions")
    for statement in (SESSIONS, SESSIONS_BY_ADDRESS, REFRESH_TOKENS, REFRESH_TOKENS_BY_SESSION, API_KEYS):
        op.execute(statement)
    op.execute(API_KEYS_BY_ADDRESS)


def downgrade() -> None:
    for table in ("api_keys", "refresh_tokens", "sessions"):
        op.execute(f"DROP TABLE market.{table}")
    op.execute(OLD_SESSIONS)
    op.execute(SESSIONS_BY_ADDRESS)
