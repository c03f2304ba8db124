"""The head of a cluster: where it listens nothing is said, and one sentence where it is gone."""

import socket

import pytest

from flows.workers.head import require_head
from storage.errors import EquipoiseError


def test_a_head_that_is_gone_is_a_sentence() -> None:
    with socket.socket() as head:
        head.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{head.getsockname()[1]}"
        with pytest.raises(EquipoiseError, match=f"the head of the Ray cluster at {address} is gone.*run the same"):
            require_head(address, tries=1)
        head.listen()
        require_head(address, tries=1)
