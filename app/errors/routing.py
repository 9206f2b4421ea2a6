"""Calls, and the agents that do them."""

from app.errors.kinds import Conflict, Forbidden, InvalidInput, NotFound, Unavailable


class EndpointFailed(Unavailable):
    text = "The agent's endpoint did not do the call: {reason}."


class EndpointRefused(Forbidden):
    text = "Nothing is sent to {host}: {address} is not an address of the public internet."


class NoAgentFits(NotFound):
    text = "No agent that fits takes calls of {capability} now."


class TooBusy(Unavailable):
    text = "Calls of {priority} priority are not taken now: come again later."


class CallFailed(Unavailable):
    """`attempts` are the router's own notes of each try."""

    text = "No valid answer in {tries} tries."
    attempts: tuple[object, ...] = ()


class CallRunning(Conflict):
    text = "The call {call_id} is on its way: ask for it by GET."


class CallNamedTwice(Conflict):
    text = "The name {call_id} stands for another call of yours."


class InputRefused(InvalidInput):
    text = "The input is not what the capability takes, at {at}: {reason}."


class StreamNotPaid(InvalidInput):
    text = "An answer that is paid is held until it is: it cannot be heard in parts before."


class CallOver(Conflict):
    text = "Nobody waits for an answer to {id} of this agent."


class CallNotHeld(Conflict):
    text = "Only an answer that waits to be paid is paid for; this call is {state}."
