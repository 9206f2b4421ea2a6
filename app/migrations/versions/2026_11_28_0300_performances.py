"""How agents performed, from the deals of each; deals say when work was delivered; the search knows pace and score."""

from alembic import op

revision = "0300"
down_revision = "0296"
branch_labels = None
depends_on = None

# The owner of every table migrates, so the mirror may be read here. An award's time is there already.
DEALS = (
    "ALTER TABLE market.deals ADD COLUMN delivered_at bigint",
    "ALTER TABLE market.deals ADD COLUMN missed boolean NOT NULL DEFAULT false",
    "ALTER TABLE market.deals ADD COLUMN own boolean NOT NULL DEFAULT false",
    """
    UPDATE market.deals SET delivered_at = said.time FROM (
        SELECT task_id, max(block_timestamp) AS time FROM chain.escrow_events
        WHERE name = 'TaskSubmitted' GROUP BY task_id
    ) AS said WHERE said.task_id = deals.task_id
    """,
    """
    UPDATE market.deals SET missed = true FROM chain.escrows escrow
    WHERE escrow.task_id = deals.task_id AND escrow.agent_id IS NOT NULL AND escrow.state = 9
        AND escrow.refund_reason = 4
    """,
    """
    UPDATE market.deals SET own = true FROM chain.escrows escrow
    JOIN market.wallets buyer ON buyer.address = escrow.buyer
    JOIN market.wallets seller ON seller.account = buyer.account
    LEFT JOIN chain.agents agent ON agent.agent_id = escrow.agent_id
    WHERE escrow.task_id = deals.task_id AND seller.address IN (agent.owner, escrow.agent, escrow.payee)
    """,
    "CREATE INDEX deals_agent_id_idx ON market.deals (agent_id, ended_at)",
)
PERFORMANCES = """
CREATE TABLE market.performances (
    agent_id bigint NOT NULL,
    capability text NOT NULL,
    awarded integer NOT NULL,
    delivered integer NOT NULL,
    finished integer NOT NULL,
    abandoned integer NOT NULL,
    missed integer NOT NULL,
    timed integer NOT NULL,
    median_seconds bigint,
    p90_seconds bigint,
    CONSTRAINT performances_pkey PRIMARY KEY (agent_id, capability)
)
"""
# As app.analytics does it from now on, for everybody at once.
FILL = """
INSERT INTO market.performances
WITH had AS (
    SELECT deal.*, part.name, delivered_at - coalesce(awarded_at, funded_at) AS seconds
    FROM market.deals deal CROSS JOIN LATERAL (VALUES (''), (deal.capability)) AS part (name)
    WHERE agent_id IS NOT NULL AND NOT own
), timed AS (
    SELECT agent_id, name, seconds,
        row_number() OVER (PARTITION BY agent_id, name ORDER BY ended_at DESC, task_id) AS place
    FROM had WHERE outcome = 'paid' AND seconds IS NOT NULL
), paces AS (
    SELECT agent_id, name, count(*) AS timed, percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
        percentile_disc(0.9) WITHIN GROUP (ORDER BY seconds) AS p90
    FROM timed WHERE place <= 200 GROUP BY agent_id, name
), counts AS (
    SELECT agent_id, name, count(*) AS awarded, count(delivered_at) AS delivered,
        count(*) FILTER (WHERE outcome = 'paid') AS finished,
        count(*) FILTER (WHERE outcome = 'abandoned') AS abandoned, count(*) FILTER (WHERE missed) AS missed
    FROM had GROUP BY agent_id, name
)
SELECT agent_id, name, awarded, delivered, finished, abandoned, missed, coalesce(timed, 0), median, p90
FROM counts LEFT JOIN paces USING (agent_id, name)
"""
SEARCH = (
    "ALTER TABLE market.search_rows ADD COLUMN score integer",
    "ALTER TABLE market.search_rows ADD COLUMN delivery_seconds bigint",
    "CREATE INDEX search_rows_score_idx ON market.search_rows (score DESC NULLS LAST, listing_id)",
    "CREATE INDEX search_rows_delivery_idx ON market.search_rows (delivery_seconds, listing_id)",
)


def upgrade() -> None:
    for statement in (*DEALS, PERFORMANCES, FILL, *SEARCH):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE market.performances")
    for column in ("score", "delivery_seconds"):
        op.execute(f"ALTER TABLE market.search_rows DROP COLUMN {column}")
    op.execute("DROP INDEX market.deals_agent_id_idx")
    for column in ("delivered_at", "missed", "own"):
        op.execute(f"ALTER TABLE market.deals DROP COLUMN {column}")
