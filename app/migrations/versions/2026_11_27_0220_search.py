"""What listings are searched by, the words that are known, and when an agent was last alive."""

from alembic import op

revision = "0220"
down_revision = "0210"
branch_labels = None
depends_on = None

EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
HEARTBEATS = """
CREATE TABLE market.agent_heartbeats (
    agent_id bigint CONSTRAINT agent_heartbeats_pkey PRIMARY KEY,
    state text NOT NULL CONSTRAINT agent_heartbeats_state_check CHECK (state IN ('ready', 'busy', 'away')),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70)
"""
ROWS = """
CREATE TABLE market.search_rows (
    listing_id uuid CONSTRAINT search_rows_pkey PRIMARY KEY
        CONSTRAINT search_rows_listing_id_fkey REFERENCES market.listings (id) ON DELETE CASCADE,
    agent_id bigint NOT NULL,
    capability text NOT NULL,
    pricing text NOT NULL,
    price numeric(78, 0),
    tags text[] NOT NULL,
    available boolean NOT NULL,
    words tsvector NOT NULL,
    stars integer,
    reviews integer NOT NULL,
    delivered integer NOT NULL,
    weight real NOT NULL,
    created_at timestamptz NOT NULL
)
"""
WORDS = """
CREATE TABLE market.search_words (
    word text CONSTRAINT search_words_pkey PRIMARY KEY CONSTRAINT search_words_word_check CHECK (length(word) <= 60)
)
"""
INDEXES = (
    "CREATE INDEX search_rows_words_idx ON market.search_rows USING gin (words) WITH (fastupdate = off)",
    "CREATE INDEX search_rows_weight_idx ON market.search_rows (weight DESC, listing_id)",
    "CREATE INDEX search_rows_capability_idx ON market.search_rows (capability text_pattern_ops, weight DESC)",
    "CREATE INDEX search_rows_price_idx ON market.search_rows (price, listing_id)",
    "CREATE INDEX search_rows_stars_idx ON market.search_rows (stars DESC NULLS LAST, listing_id)",
    "CREATE INDEX search_rows_created_at_idx ON market.search_rows (created_at DESC, listing_id)",
    "CREATE INDEX search_rows_agent_id_idx ON market.search_rows (agent_id)",
    "CREATE INDEX search_rows_tags_idx ON market.search_rows USING gin (tags)",
    "CREATE INDEX search_words_word_idx ON market.search_words USING gin (word gin_trgm_ops)",
)


def upgrade() -> None:
    for statement in (EXTENSION, HEARTBEATS, ROWS, WORDS, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    for table in ("search_words", "search_rows", "agent_heartbeats"):
        op.execute(f"DROP TABLE market.{table}")
