"""The mirror of the chain: raw logs, typed events, and the rows folded from them.

Few indexes on what is written for every log: updates cost more than folds do. Every table that a reorg cuts has
the block first in an index.
"""

from alembic import op

revision = "0010"
down_revision = "0001"
branch_labels = None
depends_on = None

CURSORS = """
CREATE TABLE chain.cursors (
    chain_id bigint CONSTRAINT cursors_pkey PRIMARY KEY,
    contracts bytea[] NOT NULL DEFAULT '{}',
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL CONSTRAINT cursors_block_hash_check CHECK (length(block_hash) = 32),
    block_timestamp bigint NOT NULL,
    finalized_number bigint NOT NULL,
    head_number bigint NOT NULL,
    halted text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT cursors_finalized_check CHECK (finalized_number <= block_number)
)
"""

BLOCKS = """
CREATE TABLE chain.blocks (
    number bigint CONSTRAINT blocks_pkey PRIMARY KEY,
    hash bytea NOT NULL CONSTRAINT blocks_hash_check CHECK (length(hash) = 32),
    parent_hash bytea NOT NULL CONSTRAINT blocks_parent_hash_check CHECK (length(parent_hash) = 32),
    "timestamp" bigint NOT NULL
)
"""

LOGS = """
CREATE TABLE chain.logs (
    block_number bigint NOT NULL,
    log_index integer NOT NULL,
    block_hash bytea NOT NULL,
    tx_hash bytea NOT NULL,
    tx_index integer NOT NULL,
    address bytea NOT NULL,
    topics bytea[] NOT NULL,
    data bytea NOT NULL,
    CONSTRAINT logs_pkey PRIMARY KEY (block_number, log_index)
)
"""

QUARANTINE = """
CREATE TABLE chain.quarantine (
    block_number bigint NOT NULL,
    log_index integer NOT NULL,
    tx_hash bytea NOT NULL,
    address bytea NOT NULL,
    reason text NOT NULL,
    CONSTRAINT quarantine_pkey PRIMARY KEY (block_number, log_index)
)
"""

EVENT_COLUMNS = """
    block_number bigint NOT NULL,
    log_index integer NOT NULL,
    tx_hash bytea NOT NULL,
    block_timestamp bigint NOT NULL,
    name text NOT NULL,
    args jsonb NOT NULL
"""

ESCROW_EVENTS = f"""
CREATE TABLE chain.escrow_events ({EVENT_COLUMNS},
    task_id bytea,
    owner bytea,
    CONSTRAINT escrow_events_pkey PRIMARY KEY (block_number, log_index)
)
"""

AGENT_EVENTS = f"""
CREATE TABLE chain.agent_events ({EVENT_COLUMNS},
    agent_id bigint NOT NULL,
    CONSTRAINT agent_events_pkey PRIMARY KEY (block_number, log_index)
)
"""

FEEDBACK_EVENTS = f"""
CREATE TABLE chain.feedback_events ({EVENT_COLUMNS},
    agent_id bigint NOT NULL,
    client bytea NOT NULL,
    feedback_index bigint NOT NULL,
    CONSTRAINT feedback_events_pkey PRIMARY KEY (block_number, log_index)
)
"""

ESCROWS = """
CREATE TABLE chain.escrows (
    task_id bytea CONSTRAINT escrows_pkey PRIMARY KEY,
    chain_id bigint NOT NULL,
    escrow bytea NOT NULL,
    buyer bytea NOT NULL,
    terms_agent bytea NOT NULL,
    awarder bytea NOT NULL,
    arbiter bytea NOT NULL,
    parent bytea NOT NULL,
    content bytea NOT NULL,
    salt bytea NOT NULL,
    budget numeric(78,0) NOT NULL,
    child_cap numeric(78,0) NOT NULL,
    award_by bigint NOT NULL,
    deliver_by bigint NOT NULL,
    review_seconds bigint NOT NULL,
    veto_seconds bigint NOT NULL,
    arbiter_seconds bigint NOT NULL,
    default_share_bps integer NOT NULL,
    state smallint NOT NULL CONSTRAINT escrows_state_check CHECK (state BETWEEN 1 AND 9),
    remaining numeric(78,0) NOT NULL,
    since bigint NOT NULL,
    agent_id bigint,
    agent bytea,
    payee bytea,
    price numeric(78,0),
    bid_digest bytea,
    transcript bytea,
    deliverable bytea,
    disputed_by bytea,
    evidence bytea,
    paid numeric(78,0) NOT NULL,
    fees numeric(78,0) NOT NULL,
    refunded numeric(78,0) NOT NULL,
    refund_reason smallint,
    share_bps integer,
    by_default boolean,
    reasons bytea,
    funded_block bigint NOT NULL,
    funded_tx bytea NOT NULL,
    last_block bigint NOT NULL,
    last_log_index integer NOT NULL,
    last_tx bytea NOT NULL,
    last_timestamp bigint NOT NULL
) WITH (fillfactor = 70)
"""

OWED = """
CREATE TABLE chain.owed (
    owner bytea CONSTRAINT owed_pkey PRIMARY KEY,
    amount numeric(78,0) NOT NULL,
    last_block bigint NOT NULL
)
"""

AGENTS = """
CREATE TABLE chain.agents (
    agent_id bigint CONSTRAINT agents_pkey PRIMARY KEY,
    owner bytea NOT NULL,
    uri text NOT NULL,
    wallet bytea,
    metadata jsonb NOT NULL,
    registered_block bigint NOT NULL,
    last_block bigint NOT NULL
)
"""

FEEDBACK = """
CREATE TABLE chain.feedback (
    agent_id bigint NOT NULL,
    client bytea NOT NULL,
    feedback_index bigint NOT NULL,
    task_id bytea,
    value numeric(78,0) NOT NULL,
    value_decimals smallint NOT NULL,
    tag1 text NOT NULL,
    tag2 text NOT NULL,
    endpoint text NOT NULL,
    feedback_uri text NOT NULL,
    feedback_hash bytea NOT NULL,
    revoked boolean NOT NULL,
    block_number bigint NOT NULL,
    last_block bigint NOT NULL,
    tx_hash bytea NOT NULL,
    CONSTRAINT feedback_pkey PRIMARY KEY (agent_id, client, feedback_index)
)
"""

INDEXES = (
    "CREATE INDEX escrow_events_task_idx ON chain.escrow_events (task_id, block_number, log_index)",
    "CREATE INDEX escrow_events_owner_idx ON chain.escrow_events (owner) WHERE owner IS NOT NULL",
    "CREATE INDEX agent_events_agent_idx ON chain.agent_events (agent_id, block_number, log_index)",
    "CREATE INDEX feedback_events_feedback_idx "
    "ON chain.feedback_events (agent_id, client, feedback_index, block_number, log_index)",
    "CREATE INDEX escrows_buyer_idx ON chain.escrows (buyer)",
    "CREATE INDEX escrows_agent_idx ON chain.escrows (agent) WHERE agent IS NOT NULL",
    "CREATE INDEX agents_owner_idx ON chain.agents (owner)",
    "CREATE INDEX feedback_task_idx ON chain.feedback (task_id) WHERE task_id IS NOT NULL",
)

TABLES = (
    CURSORS,
    BLOCKS,
    LOGS,
    QUARANTINE,
    ESCROW_EVENTS,
    AGENT_EVENTS,
    FEEDBACK_EVENTS,
    ESCROWS,
    OWED,
    AGENTS,
    FEEDBACK,
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    names = ("feedback", "agents", "owed", "escrows", "feedback_events", "agent_events", "escrow_events", "quarantine")
    for name in (*names, "logs", "blocks", "cursors"):
        op.execute(f"DROP TABLE chain.{name}")
