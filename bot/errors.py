"""The errors Playcall raises on purpose.

The docstring of a class is its default message, written for the person who reads it in Slack or in a
terminal. An error carries data; callers that need other words build them from the data.
"""

import inspect


class PlaycallError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.cleandoc(type(self).__doc__ or ""))

    @property
    def message(self) -> str:
        return str(self.args[0])


class NotFound(PlaycallError):
    """That does not exist any more. Open Playcall's Home tab for what is current."""


class NotAllowed(PlaycallError):
    """You may not do that."""


class NotAMember(NotAllowed):
    """Playcall is for members of the customer team. Ask the person who runs Playcall here to add you."""


class InvalidInput(PlaycallError):
    """That input cannot be used."""

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Taken(InvalidInput):
    """That name is taken already. Choose another."""


class WrongState(PlaycallError):
    """That is not possible in the present state."""


class AlreadyRunning(WrongState):
    """That playbook is already running on this account."""

    def __init__(self, message: str, *, run_id: int) -> None:
        super().__init__(message)
        self.run_id = run_id


class ConfigurationError(PlaycallError):
    """Playcall is not set up correctly. Run `playcall doctor`."""


class TryAgain(PlaycallError):
    """Somebody changed the same thing at the same moment, and this was not carried out. Please try again."""


class DatabaseUnavailable(PlaycallError):
    """Playcall cannot reach its database just now. Nothing was changed: try again in a minute."""
