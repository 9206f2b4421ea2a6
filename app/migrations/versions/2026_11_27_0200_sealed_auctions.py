"""Four kinds of auction; sealed ones by commitment and reveal; qualities frozen at the opening.

An auction that was open or undecided under the old rule goes on as an open one: its bids are readable already.
"""

from alembic import op

revision = "0200"
down_revision = "0190"
branch_labels = None
depends_on = None

SNAPSHOTS = """
CREATE TABLE market.quality_snapshots (
    digest bytea CONSTRAINT quality_snapshots_pkey PRIMARY KEY
        CONSTRAINT quality_snapshots_digest_check CHECK (length(digest) = 32),
    formula text NOT NULL,
    prior integer NOT NULL CONSTRAINT quality_snapshots_prior_check CHECK (prior BETWEEN 0 AND 1000000),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
QUALITIES = """
CREATE TABLE market.quality_entries (
    snapshot bytea NOT NULL CONSTRAINT quality_entries_snapshot_fkey REFERENCES market.quality_snapshots (digest),
    agent_id bigint NOT NULL CONSTRAINT quality_entries_agent_id_check CHECK (agent_id > 0),
    quality integer NOT NULL CONSTRAINT quality_entries_quality_check CHECK (quality BETWEEN 0 AND 1000000),
    CONSTRAINT quality_entries_pkey PRIMARY KEY (snapshot, agent_id)
)
"""
COMMITS = """
CREATE TABLE market.bid_commits (
    task_id bytea NOT NULL CONSTRAINT bid_commits_task_id_fkey REFERENCES market.tasks ON DELETE CASCADE,
    round smallint NOT NULL,
    agent_id bigint NOT NULL CONSTRAINT bid_commits_agent_id_check CHECK (agent_id > 0),
    agent bytea NOT NULL CONSTRAINT bid_commits_agent_check CHECK (length(agent) = 20),
    commitment bytea NOT NULL CONSTRAINT bid_commits_commitment_check CHECK (length(commitment) = 32),
    signature bytea NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed bytea,
    revealed_at timestamptz,
    CONSTRAINT bid_commits_pkey PRIMARY KEY (task_id, round, agent_id),
    CONSTRAINT bid_commits_revealed_check CHECK (sealed IS NULL OR revealed_at IS NOT NULL)
)
"""
FAILURES = """
CREATE TABLE market.reveal_failures (
    task_id bytea NOT NULL CONSTRAINT reveal_failures_task_id_fkey REFERENCES market.tasks,
    round smallint NOT NULL,
    agent_id bigint NOT NULL,
    agent bytea NOT NULL CONSTRAINT reveal_failures_agent_check CHECK (length(agent) = 20),
    budget numeric(78, 0) NOT NULL,
    reason text NOT NULL CONSTRAINT reveal_failures_reason_check CHECK (reason IN ('unrevealed', 'revoked')),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT reveal_failures_pkey PRIMARY KEY (task_id, round, agent_id)
)
"""
COUNTERS = """
CREATE TABLE market.counter_offers (
    bid_digest bytea NOT NULL CONSTRAINT counter_offers_bid_digest_fkey REFERENCES market.bids ON DELETE CASCADE,
    number smallint NOT NULL,
    price numeric(78, 0) NOT NULL CONSTRAINT counter_offers_price_check CHECK (price > 0),
    words text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    declined_at timestamptz,
    CONSTRAINT counter_offers_pkey PRIMARY KEY (bid_digest, number)
)
"""
KINDS = "('sealed_second_score', 'sealed_first_price', 'open_descending', 'dutch')"
AUCTIONS = (
    "ALTER TABLE market.auctions DROP CONSTRAINT auctions_kind_check",
    "ALTER TABLE market.auctions DROP CONSTRAINT auctions_closed_check",
    "ALTER TABLE market.auctions ADD COLUMN round smallint NOT NULL DEFAULT 0",
    "ALTER TABLE market.auctions ADD COLUMN value numeric(78, 0)",
    "ALTER TABLE market.auctions ADD COLUMN reveal_seconds integer",
    "ALTER TABLE market.auctions ADD COLUMN start_price numeric(78, 0)",
    "ALTER TABLE market.auctions ADD COLUMN decrement_bps integer",
    "ALTER TABLE market.auctions ADD COLUMN extension_seconds integer",
    "ALTER TABLE market.auctions ADD COLUMN latest_close_at timestamptz",
    "ALTER TABLE market.auctions ADD COLUMN reveals_until timestamptz",
    "ALTER TABLE market.auctions ADD COLUMN ready_at timestamptz",
    "ALTER TABLE market.auctions ADD COLUMN qualities bytea"
    " CONSTRAINT auctions_qualities_fkey REFERENCES market.quality_snapshots (digest)",
    "ALTER TABLE market.auctions ADD COLUMN seed_digest bytea",
    "ALTER TABLE market.auctions ADD COLUMN opening bytea",
    "ALTER TABLE market.auctions ADD COLUMN commit_root bytea",
    "UPDATE market.auctions SET kind = 'open_descending', decrement_bps = 0, extension_seconds = 0,"
    " latest_close_at = closes_at, ready_at = closed_at",
    f"ALTER TABLE market.auctions ADD CONSTRAINT auctions_kind_check CHECK (kind IN {KINDS})",
    "ALTER TABLE market.auctions ADD CONSTRAINT auctions_ready_check CHECK (ready_at IS NULL OR closed_at IS NOT NULL)",
    "ALTER TABLE market.bids ADD COLUMN round smallint NOT NULL DEFAULT 0",
    "ALTER TABLE market.bids ADD COLUMN led boolean NOT NULL DEFAULT false",
    "ALTER TABLE market.bids ADD COLUMN accepted_price numeric(78, 0)",
    "DROP INDEX market.bids_one_live_key",
    "CREATE UNIQUE INDEX bids_one_live_key ON market.bids (task_id, round, agent_id)"
    " WHERE withdrawn_at IS NULL AND struck_at IS NULL",
    "DROP INDEX market.auctions_awarding_idx",
    "CREATE INDEX auctions_awarding_idx ON market.auctions (ready_at) WHERE ready_at IS NOT NULL AND failed_at IS NULL",
    "CREATE INDEX auctions_revealing_idx ON market.auctions (reveals_until)"
    " WHERE closed_at IS NOT NULL AND ready_at IS NULL",
    "CREATE INDEX reveal_failures_agent_id_idx ON market.reveal_failures (agent_id, at)",
)
COLUMNS = (
    *("round", "value", "reveal_seconds", "start_price", "decrement_bps", "extension_seconds", "latest_close_at"),
    *("reveals_until", "ready_at", "qualities", "seed_digest", "opening", "commit_root"),
)


def upgrade() -> None:
    for statement in (SNAPSHOTS, QUALITIES, COMMITS, FAILURES, COUNTERS, *AUCTIONS):
        op.execute(statement)


def downgrade() -> None:
    """Only where no sealed auction is under way: the rule before knows no commitments."""
    op.execute("DROP INDEX market.auctions_awarding_idx")
    op.execute("ALTER TABLE market.auctions DROP CONSTRAINT auctions_kind_check")
    op.execute("DROP INDEX market.bids_one_live_key")
    for column in COLUMNS:
        op.execute(f"ALTER TABLE market.auctions DROP COLUMN {column} CASCADE")
    op.execute("UPDATE market.auctions SET kind = 'sealed_second_price'")
    op.execute(
        "ALTER TABLE market.auctions ADD CONSTRAINT auctions_kind_check CHECK (kind IN ('sealed_second_price')),"
        " ADD CONSTRAINT auctions_closed_check CHECK (closed_at IS NULL OR closed_at >= closes_at)"
    )
    op.execute(
        "CREATE INDEX auctions_awarding_idx ON market.auctions (closed_at)"
        " WHERE closed_at IS NOT NULL AND failed_at IS NULL"
    )
    for column in ("round", "led", "accepted_price"):
        op.execute(f"ALTER TABLE market.bids DROP COLUMN {column}")
    op.execute(
        "CREATE UNIQUE INDEX bids_one_live_key ON market.bids (task_id, agent_id)"
        " WHERE withdrawn_at IS NULL AND struck_at IS NULL"
    )
    for table in ("counter_offers", "reveal_failures", "bid_commits", "quality_entries", "quality_snapshots"):
        op.execute(f"DROP TABLE market.{table}")
