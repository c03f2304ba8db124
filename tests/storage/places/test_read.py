"""Reading over the network gives the file's bytes, whatever fails on the way."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from storage.places import read, retry
from storage.places.place import Place, place
from storage.places.read import open_binary, read_bytes
from tests.servers import Server, serve

CONTENT = np.random.default_rng(0).bytes(100_000)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "PAUSES", [0.0] * 4)
    monkeypatch.setattr(read, "BYTES_AT_ONCE", 30_000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "a.bin").write_bytes(CONTENT)
    with serve(tmp_path) as running:
        yield running


def at(server: Server) -> Place:
    return place(f"{server.url}/a.bin")


def read_about(file: Place) -> None:
    """Parts, in an order that has to seek."""
    with open_binary(file) as opened:
        assert opened.read(5) == CONTENT[:5]
        assert opened.seek(-7, 2) == len(CONTENT) - 7
        assert opened.read() == CONTENT[-7:]
        assert opened.read(1) == b""
        opened.seek(40_000)
        assert opened.read(20_000) == CONTENT[40_000:60_000]
        opened.seek(0)
        assert opened.read() == CONTENT
        opened.seek(200_000)
        assert opened.read(1) == b""


def test_a_path_is_opened_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(CONTENT)
    read_about(tmp_path / "a.bin")
    assert read_bytes(tmp_path / "a.bin") == CONTENT
    assert read_bytes(tmp_path / "a.bin", 9) == CONTENT[:9]


def test_a_url_is_read_in_ranges(server: Server) -> None:
    with open_binary(at(server)) as opened:
        while opened.read(1_000):
            pass
    assert server.seen == [("a.bin", range(at, min(at + 30_000, 100_000))) for at in range(0, 100_000, 30_000)]
    read_about(at(server))
    assert read_bytes(at(server), 9) == CONTENT[:9]


@pytest.mark.parametrize("failures", ["failures", "refusals"])
def test_a_failure_in_the_middle_costs_one_range(server: Server, failures: str) -> None:
    with open_binary(at(server)) as opened:
        start = opened.read(30_000)
        setattr(server, failures, 2)
        assert start + opened.read() == CONTENT
    starts = [wanted.start for _, wanted in server.seen]
    assert starts == [0, 30_000, 30_000, 30_000, 60_000, 90_000]


@pytest.mark.parametrize("failures", [0, 2])
@pytest.mark.parametrize("size", [True, False])
def test_a_server_without_ranges_is_asked_for_the_whole(server: Server, size: bool, failures: int) -> None:
    server.ranges, server.failures = False, failures if size else 0
    server.silent = set() if size else {"Content-Length"}
    read_about(at(server))


def test_a_file_that_changes_meanwhile_is_not_mixed(server: Server, tmp_path: Path) -> None:
    with open_binary(at(server)) as opened:
        opened.read(1)
        (tmp_path / "a.bin").write_bytes(CONTENT[::-1] + b"longer")
        server.failures = 1
        with pytest.raises(InputError, match="was changed while it was read"):
            opened.read()


def test_what_fails_for_good_is_one_sentence(server: Server) -> None:
    server.failures = 100
    with open_binary(at(server)) as opened, pytest.raises(InputError, match=r"a\.bin cannot be read .* tried 5 times"):
        opened.read()
    with pytest.raises(FileNotFoundError):
        open_binary(place(f"{server.url}/none"))
