"""Starts a Ray cluster of two nodes on this machine, for trying: `python docs/scripts/two_ray_nodes.py`.

It prints what to export in another terminal, and runs until Ctrl-C or SIGTERM; then both nodes
end, and no other Ray of this machine. Node 2 may be killed meanwhile, by the process group that is printed.
"""

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

READY = "runtime started"
TRIES = 5
"""How often a node is begun: Ray gives up one that has not registered within 30 s, as on a busy machine."""
AGENTS = ("dashboard-agent-grpc", "dashboard-agent-listen", "runtime-env-agent", "metrics-export")


def main() -> None:
    """Start both nodes, say how to use them, and wait."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cpus", type=int, default=1, help="processors of each node")
    cpus = parser.parse_args().cpus
    ending = _Ending()
    folder = Path(tempfile.mkdtemp(prefix="ray-"))  # short: sockets lie below it, whose paths may have 107 bytes
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(secrets.token_hex(32))
    settings = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
    port = _free_port()
    nodes: list[subprocess.Popen[str]] = []
    try:
        head = ["--head", f"--port={port}", f"--ray-client-server-port={_free_port()}", "--include-dashboard=false"]
        for name, options in (("node 1", head), ("node 2", [f"--address=127.0.0.1:{port}"])):
            if (node := _start(options, folder, name, cpus, settings, ending)) is None:
                return
            nodes.append(node)
        for name, value in {"RAY_ADDRESS": f"127.0.0.1:{port}", **settings}.items():
            print(f"export {name}={value}")
        print(f"# node 2 is lost by: kill -9 -- -{nodes[1].pid}", flush=True)
        while nodes[0].poll() is None and not ending.asked:
            time.sleep(0.1)
    finally:
        for node in reversed(nodes):
            _end(node)


class _Ending:
    """Whether Ctrl-C or SIGTERM came. They interrupt nothing, so that every node is known that has been started."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True


def _start(
    options: list[str], folder: Path, name: str, cpus: int, settings: dict[str, str], ending: _Ending
) -> "subprocess.Popen[str] | None":
    """One node, in a process group of its own; returns when it has started, or None where the end came first."""
    log = folder / f"{name.replace(' ', '-')}.log"
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", f"--num-cpus={cpus}",
               "--object-store-memory=100000000", "--disable-usage-stats", f"--node-name={name}",
               *options]  # fmt: skip
    # Given, so that the node does not wait for its agent to choose them, for 15 s at most, and give up.
    command += [f"--{agent}-port={_free_port()}" for agent in AGENTS]
    if "--head" in options:
        command.append(f"--temp-dir={folder}")
    for _ in range(TRIES):
        with log.open("w") as written:
            node = subprocess.Popen(command, stdout=written, stderr=written, env={**os.environ, **settings},
                                    start_new_session=True, text=True)  # fmt: skip
        while node.poll() is None and not ending.asked:
            if READY in log.read_text():
                return node
            time.sleep(0.1)
        _end(node)  # what it has left
        if ending.asked:
            return None
    sys.exit(f"{name} did not start in {TRIES} tries: {log.read_text()}")


def _end(node: "subprocess.Popen[str]") -> None:
    """Its whole process group: first asked, then killed."""
    for number, patience in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 1.0)):
        try:
            os.killpg(node.pid, number)
            node.wait(patience)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
