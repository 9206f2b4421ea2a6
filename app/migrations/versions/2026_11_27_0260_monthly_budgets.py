"""Budgets by the month, and a word in time."""

from alembic import op

revision = "0260"
down_revision = "0250"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE market.spend_policies"
        " ADD COLUMN per_month numeric(78, 0) CONSTRAINT spend_policies_per_month_check CHECK (per_month >= 0),"
        " ADD COLUMN alert_bps integer NOT NULL DEFAULT 8000"
        " CONSTRAINT spend_policies_alert_bps_check CHECK (alert_bps BETWEEN 1 AND 10000)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE market.spend_policies DROP COLUMN per_month, DROP COLUMN alert_bps")
