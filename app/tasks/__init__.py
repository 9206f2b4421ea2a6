"""Tasks: terms posted and funded, work submitted, money released, claimed, refunded."""
