"""Tasks, auctions, bids, offers of two parties, evidence and reviews."""

from alembic import op

revision = "0040"
down_revision = "0030"
branch_labels = None
depends_on = None

TASKS = """
CREATE TABLE market.tasks (
    task_id bytea CONSTRAINT tasks_pkey PRIMARY KEY CONSTRAINT tasks_task_id_check CHECK (length(task_id) = 32),
    chain_id bigint NOT NULL,
    escrow bytea NOT NULL CONSTRAINT tasks_escrow_check CHECK (length(escrow) = 20),
    contract_version text NOT NULL,
    buyer bytea NOT NULL CONSTRAINT tasks_buyer_check CHECK (length(buyer) = 20),
    agent bytea NOT NULL CONSTRAINT tasks_agent_check CHECK (length(agent) = 20),
    awarder bytea NOT NULL CONSTRAINT tasks_awarder_check CHECK (length(awarder) = 20),
    arbiter bytea NOT NULL CONSTRAINT tasks_arbiter_check CHECK (length(arbiter) = 20),
    parent bytea NOT NULL CONSTRAINT tasks_parent_check CHECK (length(parent) = 32),
    content bytea NOT NULL CONSTRAINT tasks_content_check CHECK (length(content) = 32),
    salt bytea NOT NULL CONSTRAINT tasks_salt_check CHECK (length(salt) = 32),
    budget numeric(78, 0) NOT NULL CONSTRAINT tasks_budget_check CHECK (budget > 0),
    child_cap numeric(78, 0) NOT NULL CONSTRAINT tasks_child_cap_check CHECK (child_cap BETWEEN 0 AND budget),
    award_by bigint NOT NULL,
    deliver_by bigint NOT NULL CONSTRAINT tasks_deliver_by_check CHECK (deliver_by >= award_by),
    review_seconds bigint NOT NULL,
    veto_seconds bigint NOT NULL,
    arbiter_seconds bigint NOT NULL,
    default_share_bps integer NOT NULL
        CONSTRAINT tasks_default_share_bps_check CHECK (default_share_bps BETWEEN 0 AND 10000),
    title text NOT NULL,
    capability text NOT NULL,
    visibility text NOT NULL CONSTRAINT tasks_visibility_check CHECK (visibility IN ('public', 'private')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expiry_announced_at timestamptz,
    CONSTRAINT tasks_parties_check CHECK (buyer <> arbiter AND buyer <> agent AND agent <> arbiter)
)
"""

TASK_INDEXES = (
    "CREATE INDEX tasks_recent_idx ON market.tasks (created_at DESC, task_id DESC)",
    "CREATE INDEX tasks_buyer_idx ON market.tasks (buyer, created_at DESC, task_id DESC)",
    "CREATE INDEX tasks_agent_idx ON market.tasks (agent, created_at DESC, task_id DESC)",
    "CREATE INDEX tasks_arbiter_idx ON market.tasks (arbiter, created_at DESC, task_id DESC)",
    "CREATE INDEX tasks_expiring_idx ON market.tasks (deliver_by) WHERE expiry_announced_at IS NULL",
)

AUCTIONS = """
CREATE TABLE market.auctions (
    task_id bytea CONSTRAINT auctions_pkey PRIMARY KEY
        CONSTRAINT auctions_task_id_fkey REFERENCES market.tasks ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT auctions_kind_check CHECK (kind IN ('sealed_second_price')),
    duration_seconds integer NOT NULL CONSTRAINT auctions_duration_seconds_check CHECK (duration_seconds > 0),
    opened_at timestamptz,
    closes_at timestamptz,
    closed_at timestamptz,
    attempts smallint NOT NULL DEFAULT 0,
    winner bytea,
    price numeric(78, 0),
    transcript bytea,
    award_intent_id uuid,
    failed_at timestamptz,
    CONSTRAINT auctions_opened_check CHECK ((opened_at IS NULL) = (closes_at IS NULL)),
    CONSTRAINT auctions_closed_check CHECK (closed_at IS NULL OR closed_at >= closes_at),
    CONSTRAINT auctions_awarded_check CHECK (
        (award_intent_id IS NULL) = (winner IS NULL)
        AND (winner IS NULL) = (price IS NULL)
        AND (winner IS NULL) = (transcript IS NULL)
        AND (winner IS NULL OR closed_at IS NOT NULL)
    )
)
"""

AUCTION_INDEXES = (
    "CREATE INDEX auctions_closing_idx ON market.auctions (closes_at) WHERE closed_at IS NULL",
    "CREATE INDEX auctions_awarding_idx ON market.auctions (closed_at) "
    "WHERE closed_at IS NOT NULL AND failed_at IS NULL",
)

BIDS = """
CREATE TABLE market.bids (
    digest bytea CONSTRAINT bids_pkey PRIMARY KEY CONSTRAINT bids_digest_check CHECK (length(digest) = 32),
    task_id bytea NOT NULL CONSTRAINT bids_task_id_fkey REFERENCES market.tasks ON DELETE CASCADE,
    agent_id bigint NOT NULL CONSTRAINT bids_agent_id_check CHECK (agent_id > 0),
    agent bytea NOT NULL CONSTRAINT bids_agent_check CHECK (length(agent) = 20),
    payee bytea NOT NULL CONSTRAINT bids_payee_check CHECK (length(payee) = 20),
    min_price numeric(78, 0) NOT NULL CONSTRAINT bids_min_price_check CHECK (min_price > 0),
    min_work_seconds bigint NOT NULL,
    valid_until bigint NOT NULL,
    salt bytea NOT NULL CONSTRAINT bids_salt_check CHECK (length(salt) = 32),
    signature bytea NOT NULL,
    placed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    withdrawn_at timestamptz,
    struck_at timestamptz,
    struck_reason text
)
"""

BID_INDEXES = (
    "CREATE UNIQUE INDEX bids_one_live_key ON market.bids (task_id, agent_id) "
    "WHERE withdrawn_at IS NULL AND struck_at IS NULL",
    "CREATE INDEX bids_task_idx ON market.bids (task_id, min_price, digest)",
)

OFFERS = """
CREATE TABLE market.offers (
    task_id bytea NOT NULL CONSTRAINT offers_task_id_fkey REFERENCES market.tasks ON DELETE CASCADE,
    verb text NOT NULL CONSTRAINT offers_verb_check CHECK (verb IN ('settle', 'cancel_together')),
    account bytea NOT NULL,
    remaining numeric(78, 0) NOT NULL,
    to_agent numeric(78, 0) CONSTRAINT offers_to_agent_check CHECK (to_agent BETWEEN 0 AND remaining),
    deadline bigint NOT NULL,
    signature bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT offers_pkey PRIMARY KEY (task_id, verb, account)
)
"""

EVIDENCE = """
CREATE TABLE market.evidence (
    task_id bytea NOT NULL CONSTRAINT evidence_task_id_fkey REFERENCES market.tasks ON DELETE CASCADE,
    account bytea NOT NULL,
    digest bytea NOT NULL CONSTRAINT evidence_digest_check CHECK (length(digest) = 32),
    party text NOT NULL CONSTRAINT evidence_party_check CHECK (party IN ('buyer', 'agent')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT evidence_pkey PRIMARY KEY (task_id, account, digest)
)
"""

REVIEWS = """
CREATE TABLE market.reviews (
    task_id bytea CONSTRAINT reviews_pkey PRIMARY KEY
        CONSTRAINT reviews_task_id_fkey REFERENCES market.tasks ON DELETE CASCADE,
    agent_id bigint NOT NULL,
    client bytea NOT NULL,
    stars smallint NOT NULL CONSTRAINT reviews_stars_check CHECK (stars BETWEEN 1 AND 5),
    comment text NOT NULL,
    comment_digest bytea NOT NULL CONSTRAINT reviews_comment_digest_check CHECK (length(comment_digest) = 32),
    intent_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""

REVIEW_INDEX = "CREATE INDEX reviews_agent_idx ON market.reviews (agent_id, created_at DESC)"


def upgrade() -> None:
    for table in (TASKS, AUCTIONS, BIDS, OFFERS, EVIDENCE, REVIEWS):
        op.execute(table)
    for index in (*TASK_INDEXES, *AUCTION_INDEXES, *BID_INDEXES, REVIEW_INDEX):
        op.execute(index)


def downgrade() -> None:
    for table in ("reviews", "evidence", "offers", "bids", "auctions", "tasks"):
        op.execute(f"DROP TABLE market.{table}")
