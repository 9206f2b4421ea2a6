"""What is asked for: the demo's jobs that have many lines in their answer, so that part of one can be right."""

import json
from random import Random

TRADES = ("text.sort", "text.reverse", "text.reverse-words", "text.lead-sentences", "math.primes", "text.count-words")
WORDS = ("anchor", "barley", "candle", "drift", "ember", "fathom", "garnet", "harbour", "island", "juniper", "kettle")
LINES = 10
RUBBISH = b"Done, as agreed."


def content_for(random: Random, trade: str) -> str:
    """Fresh content of ten lines' worth."""
    if trade == "math.primes":
        return json.dumps({"below": random.randint(200, 900)})
    lines = [" ".join(random.sample(WORDS, 4)) for _ in range(LINES)]
    if trade == "text.lead-sentences":
        return "\n\n".join(f"{line.capitalize()}. More could be said of it." for line in lines)
    return "\n".join(lines)
