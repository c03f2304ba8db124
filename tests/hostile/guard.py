"""What Python itself says that a reader did: files opened and changed, programs started, pickles loaded."""

import os
import sys
from pathlib import Path

_STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty")
_CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate")
_REACHES = ("socket.connect", "socket.getaddrinfo", "pickle.find_class", "webbrowser.open")


class _Watch:
    """Events since `folder` was set; a hook of the interpreter cannot be taken away, so there is one, mostly idle."""

    folder: Path | None = None
    events: list[str]
    held = 0

    def __call__(self, event: str, arguments: tuple) -> None:
        if self.folder is None:
            return
        if event == "open":
            self._opened(*arguments)
        elif event in (*_STARTS, *_CHANGES, *_REACHES) and not (_of_python(arguments) or _by_numba()):
            self.events.append(f"{event} {arguments!r:.200}")

    def _opened(self, path: object, mode: object, flags: int) -> None:
        if not isinstance(path, str | bytes) or _of_python((path,)):
            return
        where = os.fsdecode(path)
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC) and where != os.devnull:
            self.events.append(f"written: {where}")
        inside = Path(where).resolve()
        if inside == self.folder.parent / "secret" or where in ("/etc/passwd", "/dev/zero"):  # type: ignore[union-attr]
            self.events.append(f"read outside: {where}")


def _of_python(arguments: tuple) -> bool:
    """Byte code, kernels' machine code, and the folder that torch makes for its own, as modules are loaded."""
    texts = [os.fsdecode(each) for each in arguments if isinstance(each, str | bytes)]
    return any(mark in text for text in texts for mark in ("__pycache__", "torchinductor"))


def _by_numba() -> bool:
    """Whether numba is loading its own machine code, which it keeps as pickles."""
    frame = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__") != "numba.core.caching":
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None


_WATCH = _Watch()
sys.addaudithook(_WATCH)


def begin(folder: Path) -> None:
    """From here on a reader of `folder` is watched."""
    _forget_peak()
    _WATCH.events, _WATCH.folder, _WATCH.held = [], folder, _peak()


def end() -> tuple[list[str], int]:
    """What it did that is none of its business, and by how many bytes memory grew at the most."""
    watched, _WATCH.folder = _WATCH.folder is not None, None
    return (_WATCH.events, _peak() - _WATCH.held) if watched else ([], 0)


def _peak() -> int:
    """The most memory of this process since the peak was forgotten, in bytes; 0 where the system does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:")), 0)


def _forget_peak() -> None:
    """Let the peak begin at what is held now: Linux's own, for this process alone."""
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")
