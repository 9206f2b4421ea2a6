"""Models that make vectors of listings, the vectors, and which still have to be made.

Vectors need pgvector. Where it is not installed, or the migrating user may not create it, there is no table of vectors
and all else stands; once it is there, SELECT market.prepare_meaning() by the owner of the tables makes up for it.

A column of vectors without fixed length takes those of every model. Each model has an index of its own over its rows,
where their length is known; market.index_vectors makes it when the model is made, before it has rows, and
market.forget_model takes it away. Both are the owner's, since the app's role owns no table.
"""

from alembic import op

revision = "0270"
down_revision = "0260"
branch_labels = None
depends_on = None

MODELS = """
CREATE TABLE market.meaning_models (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT meaning_models_pkey PRIMARY KEY,
    name text NOT NULL CONSTRAINT meaning_models_name_key UNIQUE,
    dimensions integer NOT NULL CONSTRAINT meaning_models_dimensions_check CHECK (dimensions BETWEEN 1 AND 16000),
    fitted bytea,
    texts integer NOT NULL CONSTRAINT meaning_models_texts_check CHECK (texts >= 0),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ready_at timestamptz
)
"""
DUE = """
CREATE TABLE market.meaning_due (
    model_id bigint NOT NULL
        CONSTRAINT meaning_due_model_id_fkey REFERENCES market.meaning_models (id) ON DELETE CASCADE,
    listing_id uuid NOT NULL CONSTRAINT meaning_due_listing_id_fkey REFERENCES market.listings (id) ON DELETE CASCADE,
    CONSTRAINT meaning_due_pkey PRIMARY KEY (model_id, listing_id)
)
"""
DUE_BY_LISTING = "CREATE INDEX meaning_due_listing_id_idx ON market.meaning_due (listing_id)"
PREPARE = """
CREATE FUNCTION market.prepare_meaning() RETURNS boolean
LANGUAGE plpgsql SET search_path = market, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') THEN
        RETURN false;
    END IF;
    BEGIN
        CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;
    EXCEPTION WHEN insufficient_privilege THEN
        RETURN false;
    END;
    CREATE TABLE IF NOT EXISTS market.listing_vectors (
        model_id bigint NOT NULL
            CONSTRAINT listing_vectors_model_id_fkey REFERENCES market.meaning_models (id) ON DELETE CASCADE,
        listing_id uuid NOT NULL
            CONSTRAINT listing_vectors_listing_id_fkey REFERENCES market.search_rows (listing_id) ON DELETE CASCADE,
        embedding vector NOT NULL,
        CONSTRAINT listing_vectors_pkey PRIMARY KEY (model_id, listing_id)
    );
    CREATE INDEX IF NOT EXISTS listing_vectors_listing_id_idx ON market.listing_vectors (listing_id);
    GRANT SELECT, INSERT, UPDATE, DELETE ON market.listing_vectors TO guildhall_app;
    RETURN true;
END $$
"""
INDEX = """
CREATE FUNCTION market.index_vectors(model bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = market, public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    length integer;
BEGIN
    SELECT dimensions INTO STRICT length FROM meaning_models WHERE id = model;
    IF length <= 2000 THEN  -- what an index of pgvector takes at most; longer ones are compared one by one
        EXECUTE format(
            'CREATE INDEX listing_vectors_model_%s_idx ON market.listing_vectors '
            'USING hnsw ((embedding::vector(%s)) vector_ip_ops) WHERE model_id = %s', model, length, model);
    END IF;
END $$
"""
FORGET = """
CREATE FUNCTION market.forget_model(model bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = market, public, pg_temp SET lock_timeout = '5s' AS $$
BEGIN
    EXECUTE format('DROP INDEX IF EXISTS market.listing_vectors_model_%s_idx', model);
    DELETE FROM meaning_models WHERE id = model;
END $$
"""
GRANTS = (
    "REVOKE ALL ON FUNCTION market.prepare_meaning, market.index_vectors, market.forget_model FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION market.index_vectors, market.forget_model TO guildhall_app",
)


def upgrade() -> None:
    for statement in (MODELS, DUE, DUE_BY_LISTING, PREPARE, INDEX, FORGET, *GRANTS):
        op.execute(statement)
    op.execute("SELECT market.prepare_meaning()")


def downgrade() -> None:
    """The extension stays: somebody else may use it."""
    op.execute("DROP FUNCTION market.prepare_meaning, market.index_vectors, market.forget_model")
    op.execute("DROP TABLE IF EXISTS market.listing_vectors")
    op.execute("DROP TABLE market.meaning_due, market.meaning_models")
