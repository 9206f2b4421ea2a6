"""Who brought whom, what accrues to him of fees, and what is paid out of that."""

from alembic import op

revision = "0320"
down_revision = "0310"
branch_labels = None
depends_on = None

CODES = """
CREATE TABLE market.referral_codes (
    account bytea CONSTRAINT referral_codes_pkey PRIMARY KEY
        CONSTRAINT referral_codes_account_fkey REFERENCES market.accounts (address),
    code text NOT NULL CONSTRAINT referral_codes_code_key UNIQUE,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
REFERRALS = """
CREATE TABLE market.referrals (
    account bytea CONSTRAINT referrals_pkey PRIMARY KEY
        CONSTRAINT referrals_account_fkey REFERENCES market.accounts (address),
    referrer bytea NOT NULL CONSTRAINT referrals_referrer_fkey REFERENCES market.accounts (address),
    share_bps integer NOT NULL CONSTRAINT referrals_share_bps_check CHECK (share_bps BETWEEN 1 AND 5000),
    cap numeric(78, 0) NOT NULL,
    from_block bigint NOT NULL,
    until bigint NOT NULL,
    named_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT referrals_other_check CHECK (account <> referrer)
)
"""
ACCRUALS = """
CREATE TABLE market.referral_accruals (
    task_id bytea NOT NULL,
    referrer bytea NOT NULL,
    account bytea NOT NULL,
    fees numeric(78, 0) NOT NULL,
    amount numeric(78, 0) NOT NULL,
    ended_at bigint NOT NULL,
    CONSTRAINT referral_accruals_pkey PRIMARY KEY (task_id, referrer),
    CONSTRAINT referral_accruals_amount_check CHECK (amount > 0 AND amount * 2 <= fees)
)
"""
PAYOUTS = """
CREATE TABLE market.referral_payouts (
    id uuid CONSTRAINT referral_payouts_pkey PRIMARY KEY,
    referrer bytea NOT NULL,
    amount numeric(78, 0) NOT NULL CONSTRAINT referral_payouts_amount_check CHECK (amount > 0),
    from_block bigint NOT NULL,
    made_by bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tx_hash bytea CONSTRAINT referral_payouts_tx_hash_key UNIQUE,
    block_number bigint,
    proven_by bytea,
    paid_at timestamptz,
    CONSTRAINT referral_payouts_paid_check
        CHECK (num_nulls(tx_hash, block_number, proven_by, paid_at) IN (0, 4))
)
"""
INDEXES = (
    "CREATE INDEX referrals_referrer_idx ON market.referrals (referrer)",
    "CREATE INDEX referral_accruals_referrer_idx ON market.referral_accruals (referrer, ended_at DESC, task_id DESC)",
    "CREATE INDEX referral_accruals_account_idx ON market.referral_accruals (account)",
    "CREATE INDEX referral_payouts_made_at_idx ON market.referral_payouts (made_at DESC, id DESC)",
    "CREATE UNIQUE INDEX referral_payouts_open_idx ON market.referral_payouts (referrer) WHERE tx_hash IS NULL",
    "CREATE INDEX referral_payouts_referrer_idx ON market.referral_payouts (referrer)",
)


def upgrade() -> None:
    for statement in (CODES, REFERRALS, ACCRUALS, PAYOUTS, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    for table in ("referral_payouts", "referral_accruals", "referrals", "referral_codes"):
        op.execute(f"DROP TABLE market.{table}")
