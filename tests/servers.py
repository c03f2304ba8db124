"""Servers on loopback that give a folder's files, and fail where a test asks them to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any


class Files(SimpleHTTPRequestHandler):
    """A folder's files, in ranges where they are asked for; every request that is for content is noted."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            super().do_GET()
            return
        content, wanted = path.read_bytes(), range(path.stat().st_size)
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if asked and self.server.ranges:
            wanted = range(int(asked[1]), min(int(asked[2]) + 1, len(content)))
        self.server.seen.append((path.name, wanted))
        if self.server.failures:
            self.server.failures -= 1
            self._answer(wanted, len(content), partial=bool(asked))
            self.wfile.write(content[wanted.start : (wanted.start + wanted.stop) // 2])
            self.close_connection = True  # in the middle of what was promised
            return
        if self.server.refusals:
            self.server.refusals -= 1
            self.send_error(503)
            return
        self._answer(wanted, len(content), partial=bool(asked))
        self.wfile.write(content[wanted.start : wanted.stop])
        self.close_connection |= "Content-Length" in self.server.silent  # then the end is what says the length

    def send_header(self, keyword: str, value: str) -> None:
        """Leave out what some servers do not say."""
        if keyword not in self.server.silent:
            super().send_header(keyword, value)

    def _answer(self, wanted: range, size: int, *, partial: bool) -> None:
        self.send_response(206 if partial and self.server.ranges else 200)
        if partial and self.server.ranges:
            self.send_header("Content-Range", f"bytes {wanted.start}-{wanted.stop - 1}/{size}")
        self.send_header("Content-Length", str(len(wanted)))
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    """What the server gives, and how.

    Attributes:
        seen: (name, range) of each answer with content.
        failures: so many answers break off in the middle.
        refusals: so many answers are 503.
        ranges: whether it knows ranges.
        silent: headers that it leaves out.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(Files, directory=str(folder)))
        self.seen: list[tuple[str, range]] = []
        self.failures = self.refusals = 0
        self.ranges = True
        self.silent: set[str] = set()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: who asked for a part may go before the rest."""

    @property
    def url(self) -> str:
        """Of the folder."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """A folder's files over HTTP."""
    server = Server(folder)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class ObjectStore:
    """An S3 endpoint on loopback (moto) that answers as it should, but for `failures` that break off in the middle.

    Attributes:
        seen: the paths of requests for content.
        failures: so many of those break off.
    """

    def __init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        self.seen: list[str] = []
        self.failures = 0
        self._application = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """What fsspec's S3 needs to know."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._server.port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def put(self, folder: Path, bucket: str) -> str:
        """A folder's files in a new bucket, whose URL comes back. Needs `environment`."""
        from s3fs import S3FileSystem

        system = S3FileSystem()
        system.mkdir(bucket)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                system.pipe_file(f"{bucket}/{path.relative_to(folder).as_posix()}", path.read_bytes())
        return f"s3://{bucket}"

    def __enter__(self) -> ObjectStore:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        answer = self._application(environ, start)
        if environ["REQUEST_METHOD"] != "GET" or "HTTP_RANGE" not in environ:
            return answer
        self.seen.append(environ["PATH_INFO"])
        if not self.failures:
            return answer
        self.failures -= 1
        return _broken_off(b"".join(answer))


def _broken_off(content: bytes) -> Iterator[bytes]:
    yield content[: len(content) // 2]
    raise ConnectionError
