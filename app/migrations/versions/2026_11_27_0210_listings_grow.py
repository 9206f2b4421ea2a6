"""Listings say how they are priced, who may see them and what they promise, and keep every version.

What was listed stays listed: without a price its pricing is negotiated, and its first version is what it says now.
"""

from alembic import op

revision = "0210"
down_revision = "0200"
branch_labels = None
depends_on = None

PRICINGS = "('per_task', 'per_call', 'per_unit', 'tiered', 'negotiated')"
COLUMNS = (
    "ADD COLUMN pricing text NOT NULL DEFAULT 'per_task'",
    "ADD COLUMN tiers jsonb NOT NULL DEFAULT '[]'",
    "ADD COLUMN visibility text NOT NULL DEFAULT 'public'"
    " CONSTRAINT listings_visibility_check CHECK (visibility IN ('private', 'unlisted', 'public'))",
    "ADD COLUMN availability text NOT NULL DEFAULT 'open'"
    " CONSTRAINT listings_availability_check CHECK (availability IN ('open', 'paused'))",
    "ADD COLUMN endpoint text",
    "ADD COLUMN limits jsonb NOT NULL DEFAULT '{}'",
    "ADD COLUMN samples jsonb NOT NULL DEFAULT '[]'",
    "ADD COLUMN version integer NOT NULL DEFAULT 1",
)
VERSIONS = """
CREATE TABLE market.listing_versions (
    listing_id uuid NOT NULL CONSTRAINT listing_versions_listing_id_fkey
        REFERENCES market.listings (id) ON DELETE CASCADE,
    version integer NOT NULL CONSTRAINT listing_versions_version_check CHECK (version > 0),
    content jsonb NOT NULL,
    changed_by bytea CONSTRAINT listing_versions_changed_by_check CHECK (length(changed_by) = 20),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT listing_versions_pkey PRIMARY KEY (listing_id, version)
)
"""
FIRST = """
INSERT INTO market.listing_versions (listing_id, version, content, changed_at)
SELECT id, 1, jsonb_build_object(
    'capability', capability, 'title', title, 'description', description, 'pricing', pricing, 'price', price::text,
    'unit', unit, 'tiers', tiers, 'tags', to_jsonb(tags), 'visibility', visibility, 'availability', availability,
    'endpoint', endpoint, 'limits', limits, 'samples', samples
), updated_at FROM market.listings
"""
AFTER = (
    "UPDATE market.listings SET pricing = 'negotiated' WHERE price IS NULL",
    f"ALTER TABLE market.listings ADD CONSTRAINT listings_pricing_check CHECK (pricing IN {PRICINGS}"
    " AND (price IS NULL) = (pricing IN ('tiered', 'negotiated')) AND (tiers = '[]') = (pricing <> 'tiered'))",
    VERSIONS,
    FIRST,
)


def upgrade() -> None:
    op.execute("ALTER TABLE market.listings " + ", ".join(COLUMNS))
    for statement in AFTER:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE market.listing_versions")
    op.execute("ALTER TABLE market.listings DROP CONSTRAINT listings_pricing_check")
    for column in ("pricing", "tiers", "visibility", "availability", "endpoint", "limits", "samples", "version"):
        op.execute(f"ALTER TABLE market.listings DROP COLUMN {column}")
