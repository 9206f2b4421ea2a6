"""Vouchers for calls: the sequencer's books, and what a call costs."""

from alembic import op

revision = "0295"
down_revision = "0290"
branch_labels = None
depends_on = None

BOOKS = """
CREATE TABLE market.channel_books (
    channel_id bytea NOT NULL CONSTRAINT channel_books_pkey PRIMARY KEY,
    payer bytea NOT NULL,
    signed numeric(78,0) NOT NULL CONSTRAINT channel_books_signed_check CHECK (signed >= 0),
    reserved numeric(78,0) NOT NULL CONSTRAINT channel_books_reserved_check CHECK (reserved >= 0)
)
"""
PAYERS = "CREATE INDEX channel_books_payer_idx ON market.channel_books (payer)"
VOUCHERS = """
CREATE TABLE market.channel_vouchers (
    channel_id bytea NOT NULL,
    payee bytea NOT NULL,
    cumulative numeric(78,0) NOT NULL,
    signature bytea NOT NULL,
    sequencer_signature bytea NOT NULL,
    asked numeric(78,0) NOT NULL DEFAULT 0,
    intent_id uuid,
    tries integer NOT NULL DEFAULT 0,
    since timestamptz,
    CONSTRAINT channel_vouchers_pkey PRIMARY KEY (channel_id, payee),
    CONSTRAINT channel_vouchers_cumulative_check CHECK (cumulative > 0 AND asked BETWEEN 0 AND cumulative)
)
"""
PAYEES = "CREATE INDEX channel_vouchers_payee_idx ON market.channel_vouchers (payee, channel_id)"
WAITING = "CREATE INDEX channel_vouchers_waiting_idx ON market.channel_vouchers (since) WHERE cumulative > asked"

CALLS = """
ALTER TABLE market.calls
    ADD COLUMN run integer NOT NULL DEFAULT 1,
    ADD COLUMN channel_id bytea,
    ADD COLUMN payee bytea,
    ADD COLUMN price numeric(78,0) NOT NULL DEFAULT 0 CONSTRAINT calls_price_check CHECK (price >= 0),
    ADD COLUMN cumulative numeric(78,0),
    DROP CONSTRAINT calls_state_check,
    DROP CONSTRAINT calls_answer_check,
    ADD CONSTRAINT calls_state_check CHECK (state IN ('running', 'held', 'answered', 'failed')),
    ADD CONSTRAINT calls_answer_check CHECK ((state IN ('held', 'answered')) = (agent_id IS NOT NULL)),
    ADD CONSTRAINT calls_held_check CHECK (state <> 'held' OR (payee IS NOT NULL AND channel_id IS NOT NULL))
"""
LOST = "CREATE INDEX calls_running_idx ON market.calls (deadline) WHERE state = 'running' AND channel_id IS NOT NULL"
BACK = """
ALTER TABLE market.calls
    DROP CONSTRAINT calls_held_check,
    DROP CONSTRAINT calls_answer_check,
    DROP CONSTRAINT calls_state_check,
    DROP COLUMN run, DROP COLUMN channel_id, DROP COLUMN payee, DROP COLUMN price, DROP COLUMN cumulative,
    ADD CONSTRAINT calls_state_check CHECK (state IN ('running', 'answered', 'failed')),
    ADD CONSTRAINT calls_answer_check CHECK ((state = 'answered') = (agent_id IS NOT NULL))
"""


def upgrade() -> None:
    for statement in (BOOKS, PAYERS, VOUCHERS, PAYEES, WAITING, CALLS, LOST):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM market.calls WHERE state = 'held'")
    op.execute(BACK)
    op.execute("DROP TABLE market.channel_vouchers")
    op.execute("DROP TABLE market.channel_books")
