"""Who pays for gas: several relayer keys, what each transaction cost, and the books of sponsored gas.

A charge is made when an intent is admitted, at the most that it may cost, and corrected when it is mined. Credits are
insert-only entries, each with a key of its own; a pot is what a task may cost, out of the fee that it will earn.
"""

from alembic import op

revision = "0170"
down_revision = "0160"
branch_labels = None
depends_on = None

COLUMNS = (
    "ALTER TABLE market.intents ADD COLUMN sender bytea CONSTRAINT intents_sender_check CHECK (length(sender) = 20)",
    "ALTER TABLE market.intents ADD COLUMN payer text NOT NULL DEFAULT 'account' "
    "CONSTRAINT intents_payer_check CHECK (payer IN ('account', 'platform'))",
    "ALTER TABLE market.transactions ADD COLUMN gas_wei numeric(78, 0) "
    "CONSTRAINT transactions_gas_wei_check CHECK (gas_wei >= 0)",
    "ALTER TABLE market.transactions ADD COLUMN underpriced boolean NOT NULL DEFAULT false",
)

CHARGES = """
CREATE TABLE market.gas_charges (
    intent_id uuid CONSTRAINT gas_charges_pkey PRIMARY KEY
        CONSTRAINT gas_charges_intent_id_fkey REFERENCES market.intents (id) ON DELETE CASCADE,
    account bytea NOT NULL CONSTRAINT gas_charges_account_check CHECK (length(account) = 20),
    task_id bytea CONSTRAINT gas_charges_task_id_check CHECK (length(task_id) = 32),
    payer text NOT NULL CONSTRAINT gas_charges_payer_check CHECK (payer IN ('task', 'account', 'platform')),
    day date NOT NULL,
    wei numeric(78, 0) NOT NULL CONSTRAINT gas_charges_wei_check CHECK (wei >= 0),
    settled boolean NOT NULL DEFAULT false,
    CONSTRAINT gas_charges_payer_task_check CHECK (payer <> 'task' OR task_id IS NOT NULL)
)
"""
POTS = """
CREATE TABLE market.gas_pots (
    task_id bytea CONSTRAINT gas_pots_pkey PRIMARY KEY CONSTRAINT gas_pots_task_id_check CHECK (length(task_id) = 32),
    fee_units numeric(78, 0) NOT NULL CONSTRAINT gas_pots_fee_units_check CHECK (fee_units >= 0)
)
"""
CREDITS = """
CREATE TABLE market.gas_credits (
    key text CONSTRAINT gas_credits_pkey PRIMARY KEY,
    account bytea NOT NULL CONSTRAINT gas_credits_account_check CHECK (length(account) = 20),
    wei numeric(78, 0) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
INVITES = """
CREATE TABLE market.gas_invites (
    code_hash bytea CONSTRAINT gas_invites_pkey PRIMARY KEY
        CONSTRAINT gas_invites_code_hash_check CHECK (length(code_hash) = 32),
    wei numeric(78, 0) NOT NULL CONSTRAINT gas_invites_wei_check CHECK (wei > 0),
    expires_at timestamptz NOT NULL,
    redeemed_by bytea CONSTRAINT gas_invites_redeemed_by_check CHECK (length(redeemed_by) = 20)
)
"""
INDEXES = (
    "CREATE INDEX gas_charges_day_idx ON market.gas_charges (day) INCLUDE (wei)",
    "CREATE INDEX gas_charges_account_idx ON market.gas_charges (account)",
    "CREATE INDEX gas_charges_task_id_idx ON market.gas_charges (task_id) WHERE task_id IS NOT NULL",
    "CREATE INDEX gas_credits_account_idx ON market.gas_credits (account)",
    "CREATE INDEX intents_to_sign_idx ON market.intents (sender, created_at, id) "
    "WHERE state = 'simulated' AND tx_hash IS NULL",
)
TABLES = ("gas_charges", "gas_pots", "gas_credits", "gas_invites")


def upgrade() -> None:
    for statement in (*COLUMNS, CHARGES, POTS, CREDITS, INVITES, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX market.intents_to_sign_idx")
    for table in TABLES:
        op.execute(f"DROP TABLE market.{table}")
    op.execute("ALTER TABLE market.transactions DROP COLUMN underpriced, DROP COLUMN gas_wei")
    op.execute("ALTER TABLE market.intents DROP COLUMN payer")
    op.execute("ALTER TABLE market.intents DROP COLUMN sender")
