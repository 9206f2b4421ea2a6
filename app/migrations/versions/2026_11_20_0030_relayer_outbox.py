"""The relayer's outbox: intents, and every transaction that was signed for them."""

from alembic import op

revision = "0030"
down_revision = "0020"
branch_labels = None
depends_on = None

INTENTS = """
CREATE TABLE market.intents (
    id uuid CONSTRAINT intents_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    key text NOT NULL CONSTRAINT intents_key_key UNIQUE,
    verb text NOT NULL,
    task_id bytea CONSTRAINT intents_task_id_check CHECK (length(task_id) = 32),
    account bytea NOT NULL CONSTRAINT intents_account_check CHECK (length(account) = 20),
    to_address bytea NOT NULL CONSTRAINT intents_to_address_check CHECK (length(to_address) = 20),
    calldata bytea NOT NULL,
    gas_limit bigint CONSTRAINT intents_gas_limit_check CHECK (gas_limit > 0),
    state text NOT NULL DEFAULT 'queued' CONSTRAINT intents_state_check
        CHECK (state IN ('queued', 'simulated', 'sent', 'mined', 'final', 'failed')),
    reason text,
    error jsonb,
    tx_hash bytea CONSTRAINT intents_tx_hash_check CHECK (length(tx_hash) = 32),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT intents_reason_check CHECK ((state = 'failed') = (reason IS NOT NULL))
)
"""

# A nonce is taken once: the primary key, not a lock, is what two relayers cannot both pass.
TRANSACTIONS = """
CREATE TABLE market.transactions (
    chain_id bigint NOT NULL,
    sender bytea NOT NULL CONSTRAINT transactions_sender_check CHECK (length(sender) = 20),
    nonce bigint NOT NULL CONSTRAINT transactions_nonce_check CHECK (nonce >= 0),
    attempt integer NOT NULL CONSTRAINT transactions_attempt_check CHECK (attempt >= 0),
    intent_id uuid CONSTRAINT transactions_intent_id_fkey REFERENCES market.intents (id),
    hash bytea NOT NULL CONSTRAINT transactions_hash_key UNIQUE
        CONSTRAINT transactions_hash_check CHECK (length(hash) = 32),
    raw bytea NOT NULL,
    max_fee numeric(78, 0) NOT NULL,
    tip numeric(78, 0) NOT NULL,
    state text NOT NULL DEFAULT 'signed' CONSTRAINT transactions_state_check
        CHECK (state IN ('signed', 'sent', 'mined', 'final', 'replaced')),
    was_mined boolean NOT NULL DEFAULT false,
    succeeded boolean,
    block_number bigint,
    block_hash bytea,
    sends integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT transactions_pkey PRIMARY KEY (chain_id, sender, nonce, attempt),
    CONSTRAINT transactions_block_check CHECK ((state IN ('mined', 'final')) = (block_number IS NOT NULL)),
    CONSTRAINT transactions_block_hash_check CHECK ((block_number IS NULL) = (block_hash IS NULL)),
    CONSTRAINT transactions_succeeded_check CHECK ((block_number IS NULL) = (succeeded IS NULL))
)
"""

INDEXES = (
    "CREATE INDEX intents_waiting_idx ON market.intents (created_at, id) WHERE state IN ('queued', 'simulated')",
    "CREATE INDEX intents_account_idx ON market.intents (account, created_at, id)",
    "CREATE INDEX intents_task_id_idx ON market.intents (task_id, created_at) WHERE task_id IS NOT NULL",
    "CREATE INDEX transactions_open_idx ON market.transactions (chain_id, sender, nonce) "
    "WHERE state IN ('signed', 'sent', 'mined')",
    "CREATE INDEX transactions_intent_id_idx ON market.transactions (intent_id)",
)


def upgrade() -> None:
    for statement in (INTENTS, TRANSACTIONS, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE market.transactions")
    op.execute("DROP TABLE market.intents")
