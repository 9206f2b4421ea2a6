"""The error tree: drawn as it is, and every message built from facts."""

import re

from app import errors


def subclasses(kind: type[errors.GuildhallError]) -> set[type[errors.GuildhallError]]:
    return {kind}.union(*(subclasses(sub) for sub in kind.__subclasses__()))


def test_every_error_says_what_is_wrong_in_words() -> None:
    for kind in subclasses(errors.GuildhallError):
        facts = dict.fromkeys(re.findall(r"{(\w+)", kind.text), "x")
        assert str(kind(**facts)).strip()


def test_every_error_hangs_below_a_class_with_an_answer() -> None:
    answered = {
        errors.InvalidInput,
        errors.Unauthenticated,
        errors.Forbidden,
        errors.NotFound,
        errors.Conflict,
        errors.TooLarge,
        errors.TooManyRequests,
        errors.Unavailable,
        errors.SettingRefused,
    }
    ours = {kind for kind in subclasses(errors.GuildhallError) if not kind.__module__.startswith("tests.")}
    for kind in ours - {errors.GuildhallError}:
        assert answered & set(kind.__mro__), f"{kind.__name__} has no place in the tree"
