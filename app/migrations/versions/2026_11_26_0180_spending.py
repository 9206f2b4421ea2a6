"""Spend policies, approvers, approvals and their history, and what each paying intent would take."""

from alembic import op

revision = "0180"
down_revision = "0170"
branch_labels = None
depends_on = None

POLICIES = """
CREATE TABLE market.spend_policies (
    account bytea CONSTRAINT spend_policies_pkey PRIMARY KEY
        CONSTRAINT spend_policies_account_fkey REFERENCES market.accounts (address),
    per_task numeric(78, 0) CONSTRAINT spend_policies_per_task_check CHECK (per_task >= 0),
    per_day numeric(78, 0) CONSTRAINT spend_policies_per_day_check CHECK (per_day >= 0),
    approve_above numeric(78, 0) CONSTRAINT spend_policies_approve_above_check CHECK (approve_above >= 0),
    approval_seconds integer NOT NULL CONSTRAINT spend_policies_approval_seconds_check CHECK (approval_seconds > 0),
    agents bytea[],
    capabilities text[],
    updated_at timestamptz NOT NULL
)
"""
APPROVERS = """
CREATE TABLE market.approvers (
    account bytea NOT NULL CONSTRAINT approvers_account_fkey REFERENCES market.spend_policies (account),
    approver bytea NOT NULL CONSTRAINT approvers_approver_check CHECK (length(approver) = 20),
    rank integer NOT NULL CONSTRAINT approvers_rank_check CHECK (rank IN (1, 2)),
    delegated_by bytea CONSTRAINT approvers_delegated_by_check CHECK (length(delegated_by) = 20),
    until timestamptz,
    CONSTRAINT approvers_pkey PRIMARY KEY (account, approver),
    CONSTRAINT approvers_self_check CHECK (account <> approver),
    CONSTRAINT approvers_until_check CHECK ((delegated_by IS NULL) = (until IS NULL))
)
"""
APPROVALS = """
CREATE TABLE market.approvals (
    id uuid CONSTRAINT approvals_pkey PRIMARY KEY,
    account bytea NOT NULL CONSTRAINT approvals_account_fkey REFERENCES market.spend_policies (account),
    task_id bytea NOT NULL CONSTRAINT approvals_task_id_check CHECK (length(task_id) = 32),
    amount numeric(78, 0) NOT NULL CONSTRAINT approvals_amount_check CHECK (amount >= 0),
    state text NOT NULL CONSTRAINT approvals_state_check CHECK (state IN ('pending', 'approved', 'refused', 'revoked')),
    asked_at timestamptz NOT NULL,
    escalates_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    decided_by bytea CONSTRAINT approvals_decided_by_check CHECK (length(decided_by) = 20),
    decided_at timestamptz,
    CONSTRAINT approvals_decided_check CHECK ((state = 'pending') = (decided_by IS NULL)),
    CONSTRAINT approvals_decided_at_check CHECK ((decided_by IS NULL) = (decided_at IS NULL))
)
"""
ACTS = """
CREATE TABLE market.approval_acts (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT approval_acts_pkey PRIMARY KEY,
    approval_id uuid NOT NULL CONSTRAINT approval_acts_approval_id_fkey REFERENCES market.approvals (id),
    actor bytea NOT NULL CONSTRAINT approval_acts_actor_check CHECK (length(actor) = 20),
    act text NOT NULL,
    at timestamptz NOT NULL
)
"""
SPENDS = """
CREATE TABLE market.spends (
    intent_id uuid CONSTRAINT spends_pkey PRIMARY KEY
        CONSTRAINT spends_intent_id_fkey REFERENCES market.intents (id) ON DELETE CASCADE,
    account bytea NOT NULL CONSTRAINT spends_account_check CHECK (length(account) = 20),
    amount numeric(78, 0) NOT NULL CONSTRAINT spends_amount_check CHECK (amount >= 0),
    day date NOT NULL
)
"""
INDEXES = (
    "CREATE INDEX approvers_approver_idx ON market.approvers (approver)",
    "CREATE INDEX approvals_account_idx ON market.approvals (account, task_id, asked_at)",
    "CREATE INDEX approval_acts_approval_id_idx ON market.approval_acts (approval_id, id)",
    "CREATE INDEX spends_account_idx ON market.spends (account, day)",
    "REVOKE UPDATE, DELETE ON market.approval_acts FROM guildhall_app",
)
TABLES = ("spends", "approval_acts", "approvals", "approvers", "spend_policies")


def upgrade() -> None:
    for statement in (POLICIES, APPROVERS, APPROVALS, ACTS, SPENDS, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE market.{table}")
