"""What the disk is to blame for is told from faults of the program, whichever library says it."""

import errno
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.errors import disk_fault, memory_fault, with_causes


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/a/b"), "no space is left for /a/b"),
        (OSError(errno.EROFS, "Read-only file system"), "lies on a file system that is read-only"),
        (RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"), "no space is left"),
        (ValueError("cannot write: [Errno 122] Disk quota exceeded"), "the quota is used up"),
        (RuntimeError("I/O error: Permission denied (os error 13)"), "may not be written or read by this user"),
    ],
)
def test_a_disks_fault_is_a_sentence(tmp_path: Path, error: Exception, said: str) -> None:
    fault = disk_fault(error, tmp_path)
    assert fault is not None and said in str(fault) and "what is in the store stays" in str(fault)


@pytest.mark.parametrize(
    "error", [RuntimeError("28"), ValueError("os error"), OSError("no number"), FileNotFoundError(2, "none", "/a")]
)
def test_faults_of_the_program_are_none_of_its(tmp_path: Path, error: Exception) -> None:
    assert disk_fault(error, tmp_path) is None


def test_what_is_there_already_is_its_fault_only_where_it_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    taken, made = (FileExistsError(errno.EEXIST, "File exists", str(tmp_path / name)) for name in ("file", ""))
    fault = disk_fault(taken, tmp_path)
    assert fault is not None and "is a file, where a folder is needed" in str(fault)
    assert disk_fault(made, tmp_path) is None


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A file system without room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("this user may mount no file system")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_library_that_says_only_that_writing_failed(full: Path) -> None:
    fault = disk_fault(RuntimeError("enforce fail: file write failed"), full)
    assert fault is not None and f"no space is left for {full}" in str(fault)


def _torchs_own() -> BaseException:
    """What torch says on a processor of which it asks more than there is."""
    import torch

    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 50)
    return caught.value


def _of_a_library() -> BaseException:
    """What an import says where the system grants no more memory: its own error, which another one caused."""
    try:
        try:
            raise OSError("libllvmlite.so: failed to map segment from shared object")
        except OSError:
            raise OSError("Could not find/load shared object file 'libllvmlite.so'")  # noqa: B904 - as the library raises it
    except OSError as error:
        return error


@pytest.mark.parametrize(
    ("make", "whose"),
    [
        (lambda: MemoryError(), "the memory was not enough"),
        (_of_a_library, "the memory was not enough"),
        (lambda: RuntimeError("can't start new thread"), "the memory was not enough"),
        (lambda: OSError(errno.ENOMEM, "Cannot allocate memory"), "the memory was not enough"),
        (_torchs_own, "the memory was not enough"),
        (lambda: RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "the graphics card's memory"),
        (lambda: RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), "the graphics card's memory"),
        (lambda: RuntimeError("MPS backend out of memory (MPS allocated"), "the graphics card's memory"),
        (lambda: __import__("torch").OutOfMemoryError("CUDA out of memory"), "the graphics card's memory"),
    ],
)
def test_memory_that_ran_out_is_a_sentence_with_what_to_change(make: Callable[[], BaseException], whose: str) -> None:
    fault = memory_fault(make(), "train", "lower `batch`")
    assert fault is not None
    assert str(fault).startswith(whose)
    assert "'train': lower `batch`" in str(fault)


def test_a_library_on_a_disk_that_runs_nothing_is_no_lack_of_memory() -> None:
    forbidden = ImportError("x.so: failed to map segment from shared object: Operation not permitted")
    assert memory_fault(forbidden, "train", "lower `batch`") is None
    full = ImportError("x.so: failed to map segment from shared object")
    assert memory_fault(full, "train", "lower `batch`") is not None
    assert "`ulimit -u`" in str(memory_fault(RuntimeError("can't start new thread"), "train", "lower `batch`"))


def test_an_error_that_is_its_own_cause_ends() -> None:
    error = ValueError("mine")
    error.__cause__ = error
    assert list(with_causes(error)) == [error]
    assert memory_fault(error, "train", "lower `batch`") is None


def test_other_errors_say_nothing_of_memory() -> None:
    try:
        try:
            raise MemoryError
        except MemoryError:
            raise ValueError("of another cause") from None
    except ValueError as error:
        assert memory_fault(error, "train", "lower `batch`") is None
    assert memory_fault(RuntimeError("shapes differ"), "train", "lower `batch`") is None
    assert memory_fault(OSError(errno.ENOSPC, "No space left on device"), "train", "lower `batch`") is None
