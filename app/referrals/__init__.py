"""Shares of the platform's fees for those who brought the accounts that pay them."""
