"""What was sent, and the settings that a process is started with."""

from app.errors.kinds import GuildhallError, InvalidInput, TooLarge, Unavailable


class AmountMalformed(InvalidInput):
    text = "{value!r} is not an amount: give base units as an integer or a string of digits."


class AmountOutOfRange(InvalidInput):
    text = "{value} is outside 0..{max} base units."


class SettingRefused(GuildhallError):
    text = "{name}: {reason}"


class BadCursor(InvalidInput):
    text = "The cursor is not one that this list gave out."


class BodyTooDeep(InvalidInput):
    text = "The body nests deeper than {limit} levels."


class BodyTooLarge(TooLarge):
    text = "The body is larger than {limit} bytes."


class IdempotencyKeyMalformed(InvalidInput):
    text = "An Idempotency-Key is 8 to 128 letters, digits or ._:/+=-, with or without quotes."


class IdempotencyKeyReused(InvalidInput):
    text = "The Idempotency-Key {key} belongs to another request of yours; take a new one for a new request."


class RequestMalformed(InvalidInput):
    text = "The request breaks a rule of form; errors says where."


class ValueRefused(InvalidInput):
    text = "The database cannot hold a value of this request."


class DatabaseUnavailable(Unavailable):
    text = "The database did not answer in time; try again."
