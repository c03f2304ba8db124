"""A PostgreSQL of one's own: a cluster in a folder, on loopback, that is stopped and started again."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_DEBIAN = "usr/lib/postgresql/*/bin"  # where Debian keeps what only its own scripts call
_PROGRAMS = ("initdb", "pg_ctl", "createdb")


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL with one database, `prefect`.

    Attributes:
        programs: the folder of `initdb`, `pg_ctl` and `createdb`.
        folder: of the cluster.
        port: on loopback.
    """

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        """For Prefect's server, which speaks asyncpg."""
        return f"postgresql+asyncpg://prefect:secret@127.0.0.1:{self.port}/prefect"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder}"
        log = str(self.folder / "log")
        self.call("pg_ctl", "start", "-w", "-D", str(self.folder / "data"), "-l", log, "-o", options)

    def stop(self) -> None:
        """Stop it at once, whoever is connected, and lose what was not committed."""
        self.call("pg_ctl", "stop", "-w", "-D", str(self.folder / "data"), "-m", "immediate")

    def call(self, program: str, *arguments: str) -> None:
        """Run one of its programs, as the user `postgres` where this one is root, whom PostgreSQL refuses."""
        command = [str(self.programs / program), *arguments]
        environment = os.environ | {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGPASSWORD": "secret"}
        subprocess.run(command, check=True, cwd=self.folder, env=environment, stdout=subprocess.DEVNULL, **_as_whom())


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that runs; the test is skipped where none is installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL is installed here (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        if whom := _as_whom():
            shutil.chown(folder, whom["user"], whom["group"])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        database = Postgres(programs, folder, port)
        (folder / "password").write_text("secret")
        (folder / "password").chmod(0o644)
        database.call("initdb", "-D", str(folder / "data"), "-U", "prefect", "--auth=scram-sha-256",
                      f"--pwfile={folder / 'password'}")  # fmt: skip
        database.start()
        try:
            database.call("createdb", "-U", "prefect", "prefect")
            yield database
        finally:
            database.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    folders = [*sorted(Path("/").glob(_DEBIAN), reverse=True), *map(Path, os.get_exec_path())]
    return next((folder for folder in folders if all((folder / name).is_file() for name in _PROGRAMS)), None)


def _as_whom() -> dict[str, Any]:
    """The account to run as, as `subprocess` wants it; empty for this one."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("this user is root, whom PostgreSQL refuses, and there is no account `postgres`")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
