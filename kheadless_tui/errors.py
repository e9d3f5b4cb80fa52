"""What can go wrong, as the user is told it.

    HeadlessError                  exit status 2
    ├── UsageError                 2   a wrong argument, or arguments that do not go together
    ├── InputError                 2   a file or standard input that cannot be read (file, line, expected)
    └── ClusterError               3   the cluster cannot be reached or refuses
        ├── Unreachable            3   no connection, no answer in time, a bad certificate
        ├── NotAuthenticated       3   401, or a credential plug-in that failed
        ├── Refused                3   403: the right is missing
        ├── NotFound               2   what was asked for by name is not there: the cluster answered, the name is wrong
        └── WriteRefused           3   our own gate: read-only, or the user said no

Every error is one clear sentence (``str(error)``) and, where there is one, a second that says what to do (``hint``).
"""

from __future__ import annotations


class HeadlessError(Exception):
    """The base of everything that is told to the user without a traceback."""

    exit_status = 2
    """Exit status of a command that ends with this error (design: 2 usage or input, 3 cluster)."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(HeadlessError):
    """A wrong argument, or arguments that do not go together."""


class InputError(HeadlessError):
    """Input that cannot be read; ``where`` is ``file:line`` or ``file`` as far as it is known."""

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message, hint=hint)
        self.where = where


class ClusterError(HeadlessError):
    """The cluster cannot be reached or refuses."""

    exit_status = 3


class Unreachable(ClusterError):
    """No connection, no answer in time, or a certificate that is not trusted."""


class NotAuthenticated(ClusterError):
    """The API server answered 401, or a credential plug-in failed."""


class Refused(ClusterError):
    """The API server answered 403; the message names verb, resource and namespace."""


class NotFound(ClusterError):
    """What was asked for by name is not there; the cluster was reached and did not refuse, so the input is wrong."""

    exit_status = 2


class WriteRefused(ClusterError):
    """Our own gate said no: read-only mode, or the user did not confirm."""
