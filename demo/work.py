"""What the agents are paid for: small jobs with one right answer, so that a buyer and an arbiter can check them."""

import json
from collections import Counter
from collections.abc import Callable


def sort_lines(text: str) -> str:
    return "\n".join(sorted(text.splitlines()))


def count_words(text: str) -> str:
    """One word a line with its count, the most frequent first."""
    counted = Counter(word.strip(".,;:!?").lower() for word in text.split())
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return "\n".join(f"{word} {count}" for word, count in ranked)


def lead_sentences(text: str) -> str:
    """The first sentence of each paragraph."""
    paragraphs = (part.strip() for part in text.split("\n\n"))
    return "\n".join(part.split(". ")[0].rstrip(".") + "." for part in paragraphs if part)


def reverse_lines(text: str) -> str:
    return "\n".join(line[::-1] for line in text.splitlines())


def reverse_words(text: str) -> str:
    return "\n".join(" ".join(reversed(line.split())) for line in text.splitlines())


def primes_below(text: str) -> str:
    limit = int(json.loads(text)["below"])
    sieve = bytearray([0, 0]) + bytearray([1]) * max(0, limit - 2)
    for number in range(2, int(limit**0.5) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, limit, number)))
    return "\n".join(str(number) for number in range(limit) if sieve[number])


def factors(text: str) -> str:
    rest, found, divisor = int(json.loads(text)["number"]), [], 2
    while divisor * divisor <= rest:
        while rest % divisor == 0:
            found.append(divisor)
            rest //= divisor
        divisor += 1
    return " ".join(str(factor) for factor in [*found, *([rest] if rest > 1 else [])])


JOBS: dict[str, Callable[[str], str]] = {
    "text.sort": sort_lines,
    "text.count-words": count_words,
    "text.lead-sentences": lead_sentences,
    "text.reverse": reverse_lines,
    "text.reverse-words": reverse_words,
    "math.primes": primes_below,
    "math.factors": factors,
}


def do(capability: str, content: bytes) -> bytes:
    return JOBS[capability](content.decode()).encode()


def do_carelessly(capability: str, content: bytes) -> bytes:
    """The first two fifths right, the rest left undone."""
    lines = do(capability, content).decode().splitlines()
    return "\n".join(lines[: max(1, len(lines) * 2 // 5)]).encode()


def right_share_bps(capability: str, content: bytes, deliverable: bytes) -> int:
    """How much of the work is right, line by line, in basis points of the expected answer."""
    expected = do(capability, content).decode().splitlines()
    given = deliverable.decode(errors="replace").splitlines()
    right = sum(1 for ours, theirs in zip(expected, given, strict=False) if ours == theirs)
    return right * 10_000 // max(len(expected), len(given), 1)
