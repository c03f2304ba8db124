"""Where the machines of one training meet."""

import socket
from pathlib import Path

import psutil
import pytest

from storage.errors import EquipoiseError
from storage.store.workspace import Meeting, Runtime
from tasks.training.distributed.meeting import environment, free_port, interface_to, options


def test_each_machine_starts_its_part_of_the_ranks() -> None:
    alone = Runtime(store=Path("store"), ranks=4)
    assert options(alone) == ["--standalone", "--nproc-per-node=4"] and environment(alone) == {}
    meeting = Meeting(host="127.0.0.1", port=1234, machine=1)
    second = alone.model_copy(update={"machines": 2, "meeting": meeting})
    assert options(second)[:5] == [
        "--nnodes=2", "--nproc-per-node=2", "--node-rank=1", "--master-addr=127.0.0.1", "--master-port=1234"
    ]  # fmt: skip


def test_ranks_speak_over_the_network_that_leads_to_the_meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    loopback = next(name for name, each in psutil.net_if_addrs().items() if any(a.address == "127.0.0.1" for a in each))
    meeting = Meeting(host="127.0.0.1", port=1234, machine=0)
    runtime = Runtime(store=Path("store"), ranks=2, machines=2, meeting=meeting)
    monkeypatch.delenv("GLOO_SOCKET_IFNAME", raising=False)
    assert interface_to("localhost") == loopback
    assert environment(runtime) == {"GLOO_SOCKET_IFNAME": loopback}
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "mine")
    assert environment(runtime) == {}


def test_a_host_that_is_not_reached_is_named() -> None:
    with pytest.raises(EquipoiseError, match=r"does not reach no-such-host\.invalid: "):
        interface_to("no-such-host.invalid")


def test_a_free_port_can_be_listened_at() -> None:
    with socket.create_server(("127.0.0.1", free_port())):
        pass
