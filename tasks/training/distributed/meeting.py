"""Where the machines of one training meet: what `torchrun` is told on each of them."""

import os
import socket

from storage.errors import EquipoiseError
from storage.store.workspace import Runtime

_PATIENCE = 120  # seconds within which every machine must have come


def options(runtime: Runtime) -> list[str]:
    """Options of `torchrun` on this machine: how many ranks it starts, and where it meets others."""
    if runtime.meeting is None:
        return ["--standalone", f"--nproc-per-node={runtime.ranks}"]
    return [
        f"--nnodes={runtime.machines}",
        f"--nproc-per-node={runtime.ranks // runtime.machines}",
        f"--node-rank={runtime.meeting.machine}",
        f"--master-addr={runtime.meeting.host}",
        f"--master-port={runtime.meeting.port}",
        f"--rdzv-conf=timeout={_PATIENCE}",
    ]


def environment(runtime: Runtime) -> dict[str, str]:
    """Settings of the ranks on this machine.

    Gloo tells others the address that this machine's name has. On Debian that is often 127.0.1.1, at which others find
    themselves, so it is given the network by which the meeting is reached, unless the user has named one.
    """
    if runtime.meeting is None or "GLOO_SOCKET_IFNAME" in os.environ:
        return {}
    return {"GLOO_SOCKET_IFNAME": interface_to(runtime.meeting.host)}


def describe(runtime: Runtime, *, met: bool) -> str:
    """What to call the ranks of this machine in a message, with what is likely wrong where they have not met others."""
    if runtime.meeting is None:
        return "the ranks"
    said = f"the ranks on {socket.gethostname()}, machine {runtime.meeting.machine + 1} of {runtime.machines},"
    if met:
        return said
    where = f"{runtime.meeting.host}:{runtime.meeting.port}"
    return f"{said} did not find the others at {where} (a firewall, or a network that does not lead there?) and"


def interface_to(host: str) -> str:
    """The name of the network interface by which this machine reaches a host, such as `eth0`; nothing is sent.

    Raises:
        EquipoiseError: none does.
    """
    import psutil

    try:
        own = _own_address(host)
    except OSError as error:
        raise EquipoiseError(f"{socket.gethostname()} does not reach {host}: {error.strerror}") from error
    for name, addresses in psutil.net_if_addrs().items():
        if own in (address.address.partition("%")[0] for address in addresses):
            return name
    raise EquipoiseError(f"{socket.gethostname()} has no network interface with its own address {own}")


def free_port() -> int:
    """A port of this machine that nothing listens at now."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def _own_address(host: str) -> str:
    """This machine's address in the network that leads to a host."""
    family, kind, *_, address = socket.getaddrinfo(host, 9, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as probe:
        probe.connect(address)
        return str(probe.getsockname()[0])
