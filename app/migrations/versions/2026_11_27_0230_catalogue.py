"""Capabilities with their schemas; a listing may name the version that it keeps to."""

from alembic import op

revision = "0230"
down_revision = "0220"
branch_labels = None
depends_on = None

CAPABILITIES = """
CREATE TABLE market.capabilities (
    name text NOT NULL,
    major integer NOT NULL CONSTRAINT capabilities_major_check CHECK (major > 0),
    minor integer NOT NULL CONSTRAINT capabilities_minor_check CHECK (minor >= 0),
    description text NOT NULL,
    input jsonb NOT NULL,
    output jsonb NOT NULL,
    published_by bytea NOT NULL CONSTRAINT capabilities_published_by_check CHECK (length(published_by) = 20),
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT capabilities_pkey PRIMARY KEY (name, major, minor)
)
"""


def upgrade() -> None:
    op.execute(CAPABILITIES)
    op.execute("REVOKE UPDATE, DELETE ON market.capabilities FROM guildhall_app")
    op.execute("ALTER TABLE market.listings ADD COLUMN keeps_to text")


def downgrade() -> None:
    op.execute("ALTER TABLE market.listings DROP COLUMN keeps_to")
    op.execute("DROP TABLE market.capabilities")
