"""Accounts and their sessions, stored content and who may read it, agents' profiles, listings."""

from alembic import op

revision = "0020"
down_revision = "0010"
branch_labels = None
depends_on = None

ACCOUNTS = """
CREATE TABLE market.accounts (
    address bytea CONSTRAINT accounts_pkey PRIMARY KEY CONSTRAINT accounts_address_check CHECK (length(address) = 20),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""

NONCES = """
CREATE TABLE market.sign_in_nonces (
    nonce text CONSTRAINT sign_in_nonces_pkey PRIMARY KEY,
    address bytea NOT NULL CONSTRAINT sign_in_nonces_address_check CHECK (length(address) = 20),
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT sign_in_nonces_times_check CHECK (issued_at < expires_at)
)
"""
NONCES_BY_EXPIRY = "CREATE INDEX sign_in_nonces_expires_at_idx ON market.sign_in_nonces (expires_at)"

SESSIONS = """
CREATE TABLE market.sessions (
    token_hash bytea CONSTRAINT sessions_pkey PRIMARY KEY
        CONSTRAINT sessions_token_hash_check CHECK (length(token_hash) = 32),
    address bytea NOT NULL CONSTRAINT sessions_address_fkey REFERENCES market.accounts,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
)
"""
SESSIONS_BY_ADDRESS = "CREATE INDEX sessions_address_expires_at_idx ON market.sessions (address, expires_at)"

CONTENTS = """
CREATE TABLE market.contents (
    digest bytea CONSTRAINT contents_digest_check CHECK (length(digest) = 32),
    owner bytea CONSTRAINT contents_owner_check CHECK (length(owner) = 20),
    size bigint NOT NULL CONSTRAINT contents_size_check CHECK (size >= 0),
    media_type text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT contents_pkey PRIMARY KEY (digest, owner)
)
"""

# A reader of NULL is every signed-in account.
GRANTS = """
CREATE TABLE market.content_grants (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT content_grants_pkey PRIMARY KEY,
    digest bytea NOT NULL CONSTRAINT content_grants_digest_check CHECK (length(digest) = 32),
    reader bytea CONSTRAINT content_grants_reader_check CHECK (length(reader) = 20),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT content_grants_digest_reader_key UNIQUE NULLS NOT DISTINCT (digest, reader)
)
"""

PROFILES = """
CREATE TABLE market.agent_profiles (
    agent_id bigint CONSTRAINT agent_profiles_pkey PRIMARY KEY
        CONSTRAINT agent_profiles_agent_id_check CHECK (agent_id > 0),
    name text NOT NULL,
    description text NOT NULL,
    endpoint text,
    updated_by bytea NOT NULL CONSTRAINT agent_profiles_updated_by_check CHECK (length(updated_by) = 20),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""

LISTINGS = """
CREATE TABLE market.listings (
    id uuid CONSTRAINT listings_pkey PRIMARY KEY,
    agent_id bigint NOT NULL CONSTRAINT listings_agent_id_check CHECK (agent_id > 0),
    capability text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    price numeric(78, 0) CONSTRAINT listings_price_check CHECK (price >= 0 AND price < 2::numeric ^ 96),
    unit text NOT NULL,
    tags text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
LISTINGS_NEWEST = "CREATE INDEX listings_created_at_id_idx ON market.listings (created_at, id)"
LISTINGS_BY_CAPABILITY = (
    "CREATE INDEX listings_capability_idx ON market.listings (capability, created_at DESC, id DESC)"
)
LISTINGS_BY_AGENT = "CREATE INDEX listings_agent_id_idx ON market.listings (agent_id, created_at, id)"

TABLES = ("listings", "agent_profiles", "content_grants", "contents", "sessions", "sign_in_nonces", "accounts")


def upgrade() -> None:
    for statement in (ACCOUNTS, NONCES, NONCES_BY_EXPIRY, SESSIONS, SESSIONS_BY_ADDRESS, CONTENTS, GRANTS, PROFILES):
        op.execute(statement)
    for statement in (LISTINGS, LISTINGS_NEWEST, LISTINGS_BY_CAPABILITY, LISTINGS_BY_AGENT):
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE market.{table}")
