"""Finding listings: a table of its own, made again from listings, records and signs of life whenever they change."""
