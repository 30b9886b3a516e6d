"""One root, four families, chosen by what the caller should do next."""

from typing import ClassVar


class DeskError(Exception):
    """Something was not done; `code` is stable, the message is for a person, `context` is what was seen."""

    code: ClassVar[str] = "DESK_ERROR"

    def __init__(self, message: str, **context: object) -> None:
        super().__init__(message)
        self.message = message
        self.context = context


class InvalidInputError(DeskError):
    """The request cannot be meant as it stands: fix it."""

    code = "INVALID_INPUT"


class RefusedError(DeskError):
    """The request is understood and the answer is no: accept it."""

    code = "REFUSED"


class UnavailableError(DeskError):
    """Something needed is away: try again."""

    code = "UNAVAILABLE"


class UnknownOutcomeError(DeskError):
    """It may or may not have happened: reconcile, never retry."""

    code = "UNKNOWN_OUTCOME"


class NotFoundError(InvalidInputError):
    """There is no such thing, or it is not yours to see."""

    code = "NOT_FOUND"


class ForbiddenError(RefusedError):
    """The person or token may not do this."""

    code = "FORBIDDEN"


class ConflictError(RefusedError):
    """Somebody or something else was first."""

    code = "CONFLICT"
