"""What a buyer posts again and again."""

from alembic import op

revision = "0250"
down_revision = "0240"
branch_labels = None
depends_on = None

TEMPLATES = """
CREATE TABLE market.task_templates (
    account bytea NOT NULL CONSTRAINT task_templates_account_check CHECK (length(account) = 20),
    name text NOT NULL,
    content jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT task_templates_pkey PRIMARY KEY (account, name)
)
"""


def upgrade() -> None:
    op.execute(TEMPLATES)


def downgrade() -> None:
    op.execute("DROP TABLE market.task_templates")
