"""Tasks that are paid at their award, and tasks that were paid together."""

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

PAYMENT = """
ALTER TABLE market.tasks
    ADD COLUMN payment text NOT NULL DEFAULT 'in_advance'
        CONSTRAINT tasks_payment_check CHECK (payment IN ('in_advance', 'at_award')),
    ADD COLUMN batch_intent_id uuid
"""


def upgrade() -> None:
    op.execute(PAYMENT)


def downgrade() -> None:
    op.execute("ALTER TABLE market.tasks DROP COLUMN payment, DROP COLUMN batch_intent_id")
