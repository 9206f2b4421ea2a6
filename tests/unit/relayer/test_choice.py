"""Which of several accounts sends what."""

from app.database import Address
from app.relayer.admit import Choice
from app.relayer.models import Intent

A, B, ELSEWHERE = (Address("0x" + f"{number:02x}" * 20) for number in (1, 2, 3))
TASK, OTHER = "0x" + "11" * 32, "0x" + "22" * 32


def intent(task: str | None, to: Address = ELSEWHERE) -> Intent:
    return Intent(task_id=task, to_address=to)


def test_the_idlest_account_sends() -> None:
    chosen = Choice({}, {A: 1, B: 0})
    assert [chosen.of(intent(None)) for _ in range(4)] == [B, A, B, A]


def test_a_tasks_intents_go_through_one_account() -> None:
    chosen = Choice({TASK: A}, {A: 40, B: 0})
    assert [chosen.of(intent(task)) for task in (TASK, OTHER, OTHER, TASK)] == [A, B, B, A]


def test_an_account_that_is_no_more_holds_nothing() -> None:
    assert Choice({TASK: ELSEWHERE}, {A: 0, B: 1}).of(intent(TASK)) == A


def test_what_an_account_sends_to_itself_it_sends() -> None:
    """A signer signs calls to the deployment's contracts and to its own account, and to no other of the relayer's."""
    assert Choice({}, {A: 0, B: 9}).of(intent(None, B)) == B
