"""A sign-in nonce knows which client asked for it. Those that are open, five minutes at most, are asked for again."""

from alembic import op

revision = "0160"
down_revision = "0150"
branch_labels = None
depends_on = None

ADD = """
ALTER TABLE market.sign_in_nonces
    ADD COLUMN client_hash bytea NOT NULL CONSTRAINT sign_in_nonces_client_hash_check CHECK (length(client_hash) = 32)
"""


def upgrade() -> None:
    op.execute("DELETE FROM market.sign_in_nonces")
    op.execute(ADD)


def downgrade() -> None:
    op.execute("ALTER TABLE market.sign_in_nonces DROP COLUMN client_hash")
