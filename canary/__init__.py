"""Tasks that are posted in order to be checked, from wallets that nobody knows: for operators. docs/reputation.md tells
how they are used."""
