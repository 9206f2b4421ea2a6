"""Two schemas, their roles, and the announcements that both may insert."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROLES = ("guildhall_indexer", "guildhall_app", "guildhall_migrator")

# Roles belong to the whole cluster: another database's migration may make them at the same moment.
MAKE_ROLE = """
DO $$ BEGIN
    CREATE ROLE {role} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""

ANNOUNCEMENTS = """
CREATE TABLE market.announcements (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT announcements_pkey PRIMARY KEY,
    position bigint CONSTRAINT announcements_position_key UNIQUE,
    topic text NOT NULL CONSTRAINT announcements_topic_check CHECK (topic ~ '^[a-z]+[.][A-Za-z_]+$'),
    subject text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""

UNSEQUENCED = "CREATE INDEX announcements_unsequenced_idx ON market.announcements (id) WHERE position IS NULL"
BY_SUBJECT = "CREATE INDEX announcements_subject_idx ON market.announcements (subject, position)"
CURSORS = """
CREATE TABLE market.reaction_cursors (
    name text CONSTRAINT reaction_cursors_pkey PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
)
"""

ANNOUNCE = """
CREATE FUNCTION market.announce(topic text, subject text, payload jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = market, pg_temp AS $$
    INSERT INTO market.announcements (topic, subject, payload) VALUES (topic, subject, payload);
    SELECT pg_notify('announcements', topic);
$$
"""

# Only one sequencer at a time, so positions are given in the order in which sequencers see commits: a reader's
# cursor never skips a row that commits late. A busy lock means that another is giving them just now.
SEQUENCE = """
CREATE FUNCTION market.sequence_announcements() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = market, pg_temp AS $$
DECLARE
    given bigint;
    last bigint;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM announcements WHERE position IS NULL) THEN
        RETURN 0;
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('guildhall announcements')) THEN
        RETURN 0;
    END IF;
    SELECT coalesce(max(position), 0) INTO last FROM announcements;
    UPDATE announcements SET position = last + waiting.rank
    FROM (
        SELECT id, row_number() OVER (ORDER BY id) AS rank
        FROM announcements WHERE position IS NULL ORDER BY id LIMIT 10000
    ) AS waiting
    WHERE announcements.id = waiting.id;
    GET DIAGNOSTICS given = ROW_COUNT;
    RETURN given;
END $$
"""

GRANTS = (
    "GRANT USAGE ON SCHEMA chain, market TO guildhall_indexer, guildhall_app",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA chain "
    "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO guildhall_indexer",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA chain GRANT SELECT ON TABLES TO guildhall_app",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA chain GRANT USAGE ON SEQUENCES TO guildhall_indexer",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA market GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO guildhall_app",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA market GRANT USAGE ON SEQUENCES TO guildhall_app",
    "REVOKE ALL ON market.announcements FROM guildhall_app",
    "GRANT SELECT ON market.announcements TO guildhall_app, guildhall_indexer",
    "GRANT SELECT, INSERT, UPDATE ON market.reaction_cursors TO guildhall_app",
    "REVOKE ALL ON FUNCTION market.announce, market.sequence_announcements FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION market.announce TO guildhall_indexer, guildhall_app",
    "GRANT EXECUTE ON FUNCTION market.sequence_announcements TO guildhall_app",
)


def upgrade() -> None:
    for role in ROLES:
        op.execute(MAKE_ROLE.format(role=role))
        op.execute(f"GRANT {role} TO CURRENT_USER")
    op.execute("CREATE SCHEMA chain")
    op.execute("CREATE SCHEMA market")
    for statement in (ANNOUNCEMENTS, UNSEQUENCED, BY_SUBJECT, CURSORS, ANNOUNCE, SEQUENCE, *GRANTS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP SCHEMA market CASCADE")
    op.execute("DROP SCHEMA chain CASCADE")
