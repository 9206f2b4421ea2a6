"""An account holds several wallets; sessions and keys act as one of them. Open challenges are asked for again."""

from alembic import op

revision = "0190"
down_revision = "0180"
branch_labels = None
depends_on = None

WALLETS = """
CREATE TABLE market.wallets (
    address bytea CONSTRAINT wallets_pkey PRIMARY KEY CONSTRAINT wallets_address_check CHECK (length(address) = 20),
    account bytea NOT NULL CONSTRAINT wallets_account_fkey REFERENCES market.accounts (address),
    linked_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
FOUNDING = (
    "INSERT INTO market.wallets (address, account, linked_at) SELECT address, address, created_at FROM market.accounts"
)
CHANGES = (
    "CREATE INDEX wallets_account_idx ON market.wallets (account)",
    "ALTER TABLE market.sessions RENAME COLUMN address TO account",
    "ALTER TABLE market.api_keys RENAME COLUMN address TO account",
    "ALTER TABLE market.sessions RENAME CONSTRAINT sessions_address_fkey TO sessions_account_fkey",
    "ALTER TABLE market.api_keys RENAME CONSTRAINT api_keys_address_fkey TO api_keys_account_fkey",
    "ALTER TABLE market.sessions ADD COLUMN wallet bytea",
    "ALTER TABLE market.api_keys ADD COLUMN wallet bytea",
    "UPDATE market.sessions SET wallet = account",
    "UPDATE market.api_keys SET wallet = account",
    "ALTER TABLE market.sessions ALTER COLUMN wallet SET NOT NULL",
    "ALTER TABLE market.api_keys ALTER COLUMN wallet SET NOT NULL",
    "ALTER TABLE market.sessions ADD CONSTRAINT sessions_wallet_fkey"
    " FOREIGN KEY (wallet) REFERENCES market.wallets (address)",
    "ALTER TABLE market.api_keys ADD CONSTRAINT api_keys_wallet_fkey"
    " FOREIGN KEY (wallet) REFERENCES market.wallets (address)",
    "ALTER TABLE market.spend_policies DROP CONSTRAINT spend_policies_account_fkey",
    "ALTER TABLE market.spend_policies ADD CONSTRAINT spend_policies_account_fkey"
    " FOREIGN KEY (account) REFERENCES market.wallets (address)",
    "DELETE FROM market.sign_in_nonces",
    "ALTER TABLE market.sign_in_nonces ADD COLUMN link_to bytea"
    " CONSTRAINT sign_in_nonces_link_to_check CHECK (length(link_to) = 20)",
)
BACK = (
    "ALTER TABLE market.sign_in_nonces DROP COLUMN link_to",
    "ALTER TABLE market.spend_policies DROP CONSTRAINT spend_policies_account_fkey",
    "ALTER TABLE market.spend_policies ADD CONSTRAINT spend_policies_account_fkey"
    " FOREIGN KEY (account) REFERENCES market.accounts (address)",
    "ALTER TABLE market.sessions RENAME CONSTRAINT sessions_account_fkey TO sessions_address_fkey",
    "ALTER TABLE market.api_keys RENAME CONSTRAINT api_keys_account_fkey TO api_keys_address_fkey",
    "ALTER TABLE market.api_keys DROP COLUMN wallet",
    "ALTER TABLE market.sessions DROP COLUMN wallet",
    "ALTER TABLE market.api_keys RENAME COLUMN account TO address",
    "ALTER TABLE market.sessions RENAME COLUMN account TO address",
    "DROP TABLE market.wallets",
)


def upgrade() -> None:
    for statement in (WALLETS, FOUNDING, *CHANGES):
        op.execute(statement)


def downgrade() -> None:
    for statement in BACK:
        op.execute(statement)
