"""What can go wrong, by name. The command line prints the message alone and exits with `status`."""

from collections.abc import Iterator
from contextlib import contextmanager


def first_line(error: BaseException) -> str:
    """What another library's error says, shortened to a line of ours."""
    return str(error).strip().split("\n")[0]


class PocketstyleError(Exception):
    """The work failed for a reason that the user can act on; the message is one line."""

    status = 1


class UsageError(PocketstyleError):
    """The request itself is wrong: an unknown key, a value out of range, a path that exists."""

    status = 2


class DataError(PocketstyleError):
    """A folder or file of pictures cannot be used."""


class FormatError(PocketstyleError):
    """A model, checkpoint or bundle is not of our making, damaged, or of another version."""


class UnreachableTarget(UsageError):
    """The latency target lies below what the smallest network of the search space needs."""


class TrainingDiverged(PocketstyleError):
    """A loss or a weight stopped being finite; the last good checkpoint is kept."""


class Interrupted(PocketstyleError):
    """A signal ended the work early; the message says what is kept and how to go on."""

    def __init__(self, message: str, number: int):
        """Args: number: of the signal."""
        super().__init__(message, number)
        self.status = 128 + number

    def __str__(self) -> str:
        return self.args[0]


@contextmanager
def playing(network: str) -> Iterator[None]:
    """What a TFLite runtime says of a network, as one of our errors; some damage shows only here.

    Raises:
        FormatError: the runtime does not load or run it.
    """
    try:
        yield
    except (RuntimeError, ValueError) as error:
        raise FormatError(f"{network} cannot be played: {first_line(error)}") from error
