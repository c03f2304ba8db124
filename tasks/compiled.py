"""Numba compilation, cached on disk, without the cache's one trap.

Numba decides whether cached machine code is still good by the time stamp of the *one* file that holds the kernel. A
kernel that calls a helper in another file would go on with the old helper after that was edited, and publish its
result under the new code's key. Here the stamp is the hash of everything the kernel's file imports of this project,
however deep: the same closure that enters cache keys.
"""

import logging
from collections.abc import Callable, Collection
from functools import cache, partial
from typing import Literal, TypeVar, cast, overload

import numba
import numpy as np
from numba.core import event

from storage.progress import is_followed
from storage.record.fingerprint import code_stamp

Integer = int | np.int64
"""A whole number in compiled code, where there is only int64."""

FASTMATH = frozenset({"reassoc", "contract", "nsz"})
"""Sums may be reordered, for vector instructions; infinities and NaN keep their meaning."""


Kernel = TypeVar("Kernel", bound=Callable[..., object])


@overload
def compiled(function: Kernel) -> Kernel: ...


@overload
def compiled(
    *, fastmath: Collection[str] = (), inline: Literal["never", "always"] = "never"
) -> Callable[[Kernel], Kernel]: ...


def compiled(
    function: Kernel | None = None,
    *,
    fastmath: Collection[str] = (),
    inline: Literal["never", "always"] = "never",
) -> Kernel | Callable[[Kernel], Kernel]:
    """Compile at the first call, GIL released, machine code kept beside the source (or in numba's own cache folder).

    Division by zero gives an infinity or NaN, as in numpy, instead of an error.

    Args:
        function: the kernel; left out where options are given, `@compiled(fastmath=FASTMATH)`.
        fastmath: what LLVM may assume of floating-point numbers; nothing by default, so that results are IEEE's.
        inline: "always" copies the kernel into its callers before they are typed.
    """
    if function is None:
        return lambda kernel: _compile(kernel, fastmath, inline)
    return _compile(function, fastmath, inline)


def _compile(function: Kernel, fastmath: Collection[str], inline: Literal["never", "always"]) -> Kernel:
    flags = set(fastmath) or False
    jit = partial(numba.njit, nogil=True, error_model="numpy", fastmath=flags, inline=inline)
    try:
        kernel = cast(Kernel, jit(cache=True)(function))
    except RuntimeError:  # numba found no folder that it may write to
        return cast(Kernel, jit()(function))
    index = getattr(getattr(kernel, "_cache", None), "_cache_file", None)
    stamp = code_stamp(function.__module__)
    if index is not None and stamp is not None:
        index._source_stamp = stamp  # noqa: SLF001  numba has no public way to say what machine code depends on
    return kernel


class _Telling(event.Listener):
    """Tells, once a process, that kernels of this project are compiled: nothing else would say why a run waits.

    Where nobody follows a run, as in a notebook, it is nobody's business.
    """

    def on_start(self, event: event.Event) -> None:
        """A kernel is compiled."""
        if is_followed() and event.data["dispatcher"].py_func.__module__.startswith("tasks."):
            _say_so()

    def on_end(self, event: event.Event) -> None:
        """Nothing is left to say."""


@cache
def _say_so() -> None:
    logging.getLogger("equipoise.compile").warning(
        "inner loops are compiled for this processor: some seconds each, once after an installation or an update"
    )


event.register("numba:compile", _Telling())
