"""Which Ray cluster is meant."""

import os

ADDRESS = "RAY_ADDRESS"
"""The variable that names a cluster; "auto" is the one that this machine is a node of."""


def refused_address() -> str | None:
    """What is wrong with the cluster's address, or None."""
    if not os.environ.get(ADDRESS, "").startswith("ray://"):
        return None
    return (
        f"{ADDRESS} names a Ray client ({os.environ[ADDRESS]}), through which a lost connection ends the run; start it "
        f"on a node of the cluster with {ADDRESS}=auto, or as a Ray job (`ray job submit -- equipoise run …`)"
    )
