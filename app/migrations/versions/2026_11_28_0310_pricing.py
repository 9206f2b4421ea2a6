"""Listings whose price moves by itself, and every step that it took."""

from alembic import op

revision = "0310"
down_revision = "0300"
branch_labels = None
depends_on = None

PLANS = """
CREATE TABLE market.pricing_plans (
    listing_id uuid CONSTRAINT pricing_plans_pkey PRIMARY KEY
        CONSTRAINT pricing_plans_listing_id_fkey REFERENCES market.listings (id) ON DELETE CASCADE,
    floor numeric(78, 0) NOT NULL CONSTRAINT pricing_plans_floor_check CHECK (floor >= 1),
    ceiling numeric(78, 0) NOT NULL,
    step_bps integer NOT NULL CONSTRAINT pricing_plans_step_bps_check CHECK (step_bps BETWEEN 1 AND 5000),
    target integer NOT NULL CONSTRAINT pricing_plans_target_check CHECK (target >= 1),
    interval_seconds integer NOT NULL
        CONSTRAINT pricing_plans_interval_seconds_check CHECK (interval_seconds >= 300),
    price numeric(78, 0) NOT NULL,
    set_by bytea NOT NULL,
    seen_block bigint NOT NULL,
    started_at timestamptz NOT NULL,
    looked_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text
        CONSTRAINT pricing_plans_end_reason_check CHECK (end_reason IN ('opted_out', 'changed_by_hand')),
    CONSTRAINT pricing_plans_price_check CHECK (price BETWEEN floor AND ceiling),
    CONSTRAINT pricing_plans_ended_check CHECK ((ended_at IS NULL) = (end_reason IS NULL))
)
"""
STEPS = """
CREATE TABLE market.price_steps (
    listing_id uuid NOT NULL
        CONSTRAINT price_steps_listing_id_fkey REFERENCES market.listings (id) ON DELETE CASCADE,
    version integer NOT NULL,
    before numeric(78, 0) NOT NULL,
    after numeric(78, 0) NOT NULL,
    target integer NOT NULL,
    under_way integer NOT NULL,
    won integer NOT NULL,
    open_tasks integer NOT NULL,
    offering integer NOT NULL,
    stepped_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT price_steps_pkey PRIMARY KEY (listing_id, version),
    CONSTRAINT price_steps_moved_check CHECK (before <> after)
)
"""
INDEX = "CREATE INDEX pricing_plans_looked_at_idx ON market.pricing_plans (looked_at) WHERE ended_at IS NULL"


def upgrade() -> None:
    for statement in (PLANS, STEPS, INDEX):
        op.execute(statement)


def downgrade() -> None:
    for table in ("price_steps", "pricing_plans"):
        op.execute(f"DROP TABLE market.{table}")
