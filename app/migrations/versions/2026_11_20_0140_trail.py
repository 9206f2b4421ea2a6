"""The trail: one row for each call that changed something, chained by hashes and anchored on the chain.

Writers only insert, and never wait for each other: links are made afterwards, by one linker at a time.
"""

from alembic import op

revision = "0140"
down_revision = "0130"
branch_labels = None
depends_on = None

ENTRIES = """
CREATE TABLE market.trail_entries (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT trail_entries_pkey PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    account bytea CONSTRAINT trail_entries_account_check CHECK (length(account) = 20),
    session_id uuid,
    key_id uuid,
    method text NOT NULL,
    path text NOT NULL,
    status smallint NOT NULL,
    request_digest bytea NOT NULL CONSTRAINT trail_entries_request_digest_check CHECK (length(request_digest) = 32),
    answer_digest bytea NOT NULL CONSTRAINT trail_entries_answer_digest_check CHECK (length(answer_digest) = 32),
    origin_digest bytea NOT NULL CONSTRAINT trail_entries_origin_digest_check CHECK (length(origin_digest) = 32),
    position bigint,
    previous bytea,
    hash bytea,
    CONSTRAINT trail_entries_credential_check CHECK (session_id IS NULL OR key_id IS NULL),
    CONSTRAINT trail_entries_link_check CHECK (num_nulls(position, previous, hash) IN (0, 3))
)
"""
INDEXES = (
    "CREATE UNIQUE INDEX trail_entries_position_key ON market.trail_entries (position) WHERE position IS NOT NULL",
    "CREATE INDEX trail_entries_unlinked_idx ON market.trail_entries (id) WHERE position IS NULL",
    "CREATE INDEX trail_entries_account_idx ON market.trail_entries (account) WHERE account IS NOT NULL",
    "CREATE INDEX trail_entries_at_idx ON market.trail_entries USING brin (at)",
)

# Personal data: it can go, and the chain keeps a salted digest of it.
ORIGINS = """
CREATE TABLE market.trail_origins (
    entry_id bigint CONSTRAINT trail_origins_pkey PRIMARY KEY
        CONSTRAINT trail_origins_entry_id_fkey REFERENCES market.trail_entries (id) ON DELETE CASCADE,
    salt bytea NOT NULL CONSTRAINT trail_origins_salt_check CHECK (length(salt) = 32),
    network text NOT NULL,
    user_agent text NOT NULL,
    request_id text NOT NULL
)
"""

ANCHORS = """
CREATE TABLE market.trail_anchors (
    intent_id uuid CONSTRAINT trail_anchors_pkey PRIMARY KEY
        CONSTRAINT trail_anchors_intent_id_fkey REFERENCES market.intents (id),
    position bigint NOT NULL,
    hash bytea NOT NULL CONSTRAINT trail_anchors_hash_check CHECK (length(hash) = 32),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
ANCHORS_BY_POSITION = "CREATE INDEX trail_anchors_position_idx ON market.trail_anchors (position)"

# Netstrings: no value, whatever is in it, can be taken for two. app/trail/rules.py says the same in Python.
HASH = """
CREATE FUNCTION market.trail_hash(entry market.trail_entries, place bigint, before bytea) RETURNS bytea
LANGUAGE sql STABLE SET search_path = market, pg_temp AS $$
    SELECT sha256(convert_to(
        string_agg(octet_length(convert_to(part, 'UTF8')) || ':' || part || ',', '' ORDER BY number), 'UTF8'))
    FROM unnest(ARRAY[
        place::text,
        encode(before, 'hex'),
        entry.id::text,
        (extract(epoch FROM entry.at) * 1000000)::bigint::text,
        coalesce(encode(entry.account, 'hex'), ''),
        coalesce(entry.session_id::text, ''),
        coalesce(entry.key_id::text, ''),
        entry.method,
        entry.path,
        entry.status::text,
        encode(entry.request_digest, 'hex'),
        encode(entry.answer_digest, 'hex'),
        encode(entry.origin_digest, 'hex')
    ]) WITH ORDINALITY AS parts (part, number)
$$
"""

# One linker at a time, so a link is made of what is committed and follows the newest one. A busy lock means that
# another links just now.
LINK = """
CREATE FUNCTION market.link_trail(most bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = market, pg_temp AS $$
DECLARE
    waiting trail_entries;
    place bigint;
    head bytea;
    given bigint := 0;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM trail_entries WHERE position IS NULL) THEN
        RETURN 0;
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('guildhall trail')) THEN
        RETURN 0;
    END IF;
    SELECT position, hash INTO place, head
        FROM trail_entries WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1;
    place := coalesce(place, 0);
    head := coalesce(head, decode(repeat('00', 32), 'hex'));
    FOR waiting IN SELECT * FROM trail_entries WHERE position IS NULL ORDER BY id LIMIT most LOOP
        place := place + 1;
        UPDATE trail_entries SET position = place, previous = head, hash = trail_hash(waiting, place, head)
            WHERE id = waiting.id RETURNING hash INTO head;
        given := given + 1;
    END LOOP;
    RETURN given;
END $$
"""

# The chain may lose its beginning, up to a link that stands on the blockchain for good; nothing young may go, so that
# a process that was taken over cannot empty the trail.
DROP = """
CREATE FUNCTION market.drop_trail_before(place bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = market, pg_temp AS $$
DECLARE
    dropped bigint;
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM trail_entries
            JOIN trail_anchors ON trail_anchors.position = trail_entries.position
                AND trail_anchors.hash = trail_entries.hash
            JOIN intents ON intents.id = trail_anchors.intent_id AND intents.state = 'final'
        WHERE trail_entries.position = place AND trail_entries.at < clock_timestamp() - interval '7 days'
    ) THEN
        RAISE EXCEPTION 'link % has no final anchor, or is younger than 7 days', place;
    END IF;
    DELETE FROM trail_entries WHERE position < place;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END $$
"""

GRANTS = (
    "REVOKE ALL ON market.trail_entries, market.trail_origins, market.trail_anchors FROM guildhall_app",
    "GRANT SELECT ON market.trail_entries, market.trail_origins, market.trail_anchors TO guildhall_app",
    "GRANT INSERT (account, session_id, key_id, method, path, status, request_digest, answer_digest, origin_digest) "
    "ON market.trail_entries TO guildhall_app",
    "GRANT INSERT, DELETE ON market.trail_origins TO guildhall_app",
    "GRANT INSERT (intent_id, position, hash) ON market.trail_anchors TO guildhall_app",
    "REVOKE ALL ON FUNCTION market.trail_hash, market.link_trail, market.drop_trail_before FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION market.link_trail, market.drop_trail_before TO guildhall_app",
)


def upgrade() -> None:
    for statement in (ENTRIES, *INDEXES, ORIGINS, ANCHORS, ANCHORS_BY_POSITION, HASH, LINK, DROP, *GRANTS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION market.drop_trail_before, market.link_trail, market.trail_hash")
    op.execute("DROP TABLE market.trail_anchors, market.trail_origins, market.trail_entries")
