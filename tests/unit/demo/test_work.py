"""The jobs have one right answer, and careless work is told from good work by its share."""

import pytest

from demo import work

CONTENT = {
    "text.sort": "b\na\nc",
    "text.count-words": "the cat the dog",
    "text.lead-sentences": "One. Two.\n\nThree. Four.",
    "text.reverse": "ab\ncd",
    "text.reverse-words": "one two\nthree four",
    "math.primes": '{"below": 12}',
    "math.factors": '{"number": 84}',
}
ANSWERS = {
    "text.sort": "a\nb\nc",
    "text.count-words": "the 2\ncat 1\ndog 1",
    "text.lead-sentences": "One.\nThree.",
    "text.reverse": "ba\ndc",
    "text.reverse-words": "two one\nfour three",
    "math.primes": "2\n3\n5\n7\n11",
    "math.factors": "2 2 3 7",
}


@pytest.mark.parametrize("capability", work.JOBS)
def test_every_job_has_its_right_answer(capability: str) -> None:
    assert work.do(capability, CONTENT[capability].encode()) == ANSWERS[capability].encode()


def test_careless_work_is_right_in_part() -> None:
    content = "\n".join(str(number) for number in range(10)).encode()
    assert work.right_share_bps("text.sort", content, work.do("text.sort", content)) == 10_000
    assert work.right_share_bps("text.sort", content, work.do_carelessly("text.sort", content)) == 4_000
    assert work.right_share_bps("text.sort", content, b"nothing\nof\nthis") == 0
