"""Trying again what a network spoils, and nothing else."""

import time
from collections.abc import Callable
from typing import TypeVar

from storage.errors import InputError
from storage.places.secrets import redacted

Result = TypeVar("Result")

PAUSES = [0.25, 0.75, 2.25, 6.75]
"""Seconds between tries; so many tries and one."""

_FINAL = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
_NETWORK = ("aiohttp", "botocore", "aiobotocore", "httpx", "httpcore", "requests", "urllib3", "gcsfs")
_LATER = frozenset((408, 425, 429))


def retried(call: Callable[[], Result], what: object) -> Result:
    """What the call returns, tried again after a pause when a read fails in a way that may pass.

    Errors that stay (nothing there, no permission, a wrong request) are raised at once as they are. Raises
    `InputError` once every try has failed; `what` names the place in it.
    """
    for pause in [*PAUSES, None]:
        try:
            return call()
        except Exception as error:
            if not may_pass(error):
                raise
            if pause is None:
                raise InputError(
                    f"{what} cannot be read ({sentence(error)}), tried {len(PAUSES) + 1} times: "
                    "look at the network and run again; what is done stays done"
                ) from error
            time.sleep(pause)
    raise AssertionError("unreachable")


def may_pass(error: Exception) -> bool:
    """Whether an error of reading may be gone at the next try: lost connections, time-outs, overloaded servers."""
    status = getattr(error, "status", None) or getattr(error, "status_code", None) or getattr(error, "code", None)
    if isinstance(status, int):
        return status >= 500 or status in _LATER
    if isinstance(error, OSError):  # time-outs too
        return not isinstance(error, _FINAL)
    return type(error).__module__.partition(".")[0] in _NETWORK and "Credentials" not in type(error).__name__


def sentence(error: BaseException) -> str:
    """An error in one short line, without the secrets of the addresses in it."""
    return f"{type(error).__name__}: {' '.join(redacted(str(error)).split())}"[:200].removesuffix(": ")
