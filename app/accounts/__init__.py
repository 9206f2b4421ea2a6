"""Who is asking: wallets, their sign-in and their sessions."""
