"""Who pays for the gas of what is carried, and the books of it."""
