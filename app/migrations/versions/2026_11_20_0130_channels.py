"""The mirror of payment channels."""

from alembic import op

revision = "0130"
down_revision = "0120"
branch_labels = None
depends_on = None

CHANNEL_EVENTS = """
CREATE TABLE chain.channel_events (
    block_number bigint NOT NULL,
    log_index integer NOT NULL,
    tx_hash bytea NOT NULL,
    block_timestamp bigint NOT NULL,
    name text NOT NULL,
    args jsonb NOT NULL,
    channel_id bytea,
    owner bytea,
    CONSTRAINT channel_events_pkey PRIMARY KEY (block_number, log_index)
)
"""

CHANNELS = """
CREATE TABLE chain.channels (
    channel_id bytea CONSTRAINT channels_pkey PRIMARY KEY,
    payer bytea NOT NULL,
    payee bytea NOT NULL,
    sequencer bytea NOT NULL,
    signer bytea NOT NULL,
    challenge_seconds bigint NOT NULL,
    salt bytea NOT NULL,
    state smallint NOT NULL CONSTRAINT channels_state_check CHECK (state BETWEEN 1 AND 3),
    deposited numeric(78,0) NOT NULL,
    paid numeric(78,0) NOT NULL,
    returned numeric(78,0) NOT NULL,
    tasks numeric(78,0) NOT NULL,
    closes_at bigint NOT NULL,
    opened_block bigint NOT NULL,
    opened_tx bytea NOT NULL,
    last_block bigint NOT NULL,
    last_log_index integer NOT NULL,
    last_tx bytea NOT NULL,
    CONSTRAINT channels_money_check CHECK (deposited >= paid + returned + tasks)
) WITH (fillfactor = 70)
"""

INDEXES = (
    "CREATE INDEX channel_events_channel_idx ON chain.channel_events (channel_id, block_number, log_index)",
    "CREATE INDEX channel_events_owner_idx ON chain.channel_events (owner) WHERE owner IS NOT NULL",
    "CREATE INDEX channels_payer_idx ON chain.channels (payer)",
    "CREATE INDEX channels_payee_idx ON chain.channels (payee)",
)


def upgrade() -> None:
    for statement in (CHANNEL_EVENTS, CHANNELS, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE chain.channels")
    op.execute("DROP TABLE chain.channel_events")
