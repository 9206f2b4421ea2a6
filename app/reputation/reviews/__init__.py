"""Reviews: what buyer and agent say of each other, held sealed until both have spoken or their time is over."""
