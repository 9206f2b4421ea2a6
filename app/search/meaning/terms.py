"""What a text is made of for the fitted embedder: its words, and the pieces of its words. Pure.

Pieces (three or four letters, with the word's ends marked) tie "translate", "translation" and "translated" together
without a stemmer, and a misspelt word to the right one.
"""

import re
from collections import Counter

WORD = re.compile(r"[^\W_]+")
PIECES = (3, 4)
LONGEST_WORD = 30
COMMON_WORDS = """
a about after again all also am an and any are as at be because been before being between both but by can cannot
could did do does doing down during each else ever every few for from further get gets give gives had has have
having he her here him his how i if in into is it its just let like many may me might more most much must my need
needs no nor not now of off on once one only or other our out over own please put same she should so some somebody
someone something such than that the their them then there these they this those through to too under until up us
very want wants was we were what when where whether which while who whom whose why will with without would you
your
"""
COMMON = frozenset(COMMON_WORDS.split())


def words_in(text: str) -> list[str]:
    """The words of a text in lower case, without those that say nothing of what it is about."""
    found = (word.lower()[:LONGEST_WORD] for word in WORD.findall(text))
    return [word for word in found if word not in COMMON and len(word) > 1]


def terms_of(text: str) -> Counter[str]:
    """How often each term stands in a text. A word is itself; a piece begins with a #, which no word does."""
    terms: Counter[str] = Counter()
    for word in words_in(text):
        terms[word] += 1
        terms.update(pieces_of(word))
    return terms


def pieces_of(word: str) -> list[str]:
    """Its parts of three or four letters, the ends marked; none for the word as a whole, which counts already."""
    marked = f"<{word}>"
    return [f"#{marked[at : at + size]}" for size in PIECES for at in range(len(marked) - size + 1)]
