"""What every adapter may have to say, in one set of words."""

from allcore.kernel.errors import InvalidInputError, UnavailableError


class NotTakenError(InvalidInputError):
    """The broker does not take such an order; nothing left."""

    code = "NOT_TAKEN"


class UnknownAccountError(InvalidInputError):
    """The connection does not reach that account; nothing left."""

    code = "UNKNOWN_ACCOUNT"


class SessionDownError(UnavailableError):
    """The session is not connected: nothing was sent."""

    code = "SESSION_DOWN"
