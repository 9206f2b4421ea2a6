"""The least quality that a buyer asks of those who bid."""

from alembic import op

revision = "0350"
down_revision = "0340"
branch_labels = None
depends_on = None

ADD = (
    "ALTER TABLE market.auctions ADD COLUMN min_quality integer"
    " CONSTRAINT auctions_min_quality_check CHECK (min_quality BETWEEN 1 AND 1000000)"
)


def upgrade() -> None:
    op.execute(ADD)


def downgrade() -> None:
    op.execute("ALTER TABLE market.auctions DROP COLUMN min_quality")
