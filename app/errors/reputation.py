"""Ratings, reviews and audits."""

from app.errors.kinds import Conflict, Forbidden, InvalidInput


class TaskNotFinished(Conflict):
    text = "A task is rated when its agent has been paid; it is {state}."


class NotFinalYet(Conflict):
    text = "Block {block} is not final yet; the chain is final up to {finalized}."


class AlreadyRated(Conflict):
    text = "The task {task_id} is rated already."


class ReviewsClosed(Conflict):
    text = "The reviews of this task were closed at {since}: what was said by then is shown, and nothing is added."


class ReviewsAreLinked(Forbidden):
    text = "The buyer {buyer} and the agent {agent_id} are one account's; what they say of each other is not taken."


class ReviewDeadlineTooSoon(InvalidInput):
    text = "The deadline {deadline} is before {least}: a review is carried when its window ends, and a day later still."


class AlreadyReplied(Conflict):
    text = "This review of the task {task_id} has its answer."


class AuditsNotDrawn(Conflict):
    text = "This deployment draws no audits: AUDIT_KEY is what they are drawn with."


class AuditNotDrawn(Forbidden):
    text = "The lot did not fall on the task {task_id}: what it asked for and what came stay its parties' own."


class AlreadyAudited(Conflict):
    text = "An audit of the task {task_id} is recorded already, and it says something else."
