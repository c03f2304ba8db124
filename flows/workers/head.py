"""Whether the head of a Ray cluster still answers: a minute after it went Ray ends this process, whatever it does."""

import socket
import time

from storage.errors import EquipoiseError

TRIES = 15
"""How often, a second apart, a head is asked before it is taken for gone; one that keeps its state may be restarted."""


def require_head(address: str, *, tries: int = TRIES) -> None:
    """Raise `EquipoiseError` unless something listens at the address of a cluster's head, host:port."""
    host, _, port = address.rpartition(":")
    for left in reversed(range(tries)):
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=2):
                return
        except OSError as error:
            if not left:
                raise EquipoiseError(
                    f"the head of the Ray cluster at {address} is gone, and the run with it; start the cluster again, "
                    "and run the same command again to go on from what is in the store"
                ) from error
            time.sleep(1)
