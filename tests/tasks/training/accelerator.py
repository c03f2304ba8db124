"""An accelerator where there is none: torch's device `meta` takes the accelerators' ways, and has no values to read.

What asks for a value (`item`, a mask as an index, a shape that depends on the data) fails there by itself; what copies
between the host and the device while the host waits is refused here.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from unittest import mock

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

_STARTS_NOTHING = (
    "alias", "as_strided", "chunk", "detach", "diagonal", "empty", "expand", "lift_fresh", "new_empty", "permute",
    "select", "slice", "split", "squeeze", "t", "transpose", "unbind", "unsqueeze", "view",
)  # fmt: skip


class NeverWaits(TorchDispatchMode):
    """Counts the operations that a device would be asked to start, and refuses copies that a host waits for."""

    def __init__(self) -> None:
        super().__init__()
        self.started = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        out = function(*args, **kwargs)
        name = function.overloadpacket.__name__
        devices = {each.device.type for each in tree_leaves((args, out)) if isinstance(each, Tensor)}
        if name in ("_to_copy", "copy_") and len(devices) > 1:
            assert kwargs.get("non_blocking") or args[2:] == (True,), f"{name} between {devices} makes the host wait"
        if function.namespace == "aten" and name.strip("_").removesuffix("_copy") not in _STARTS_NOTHING:
            self.started += 1
        return out


@contextmanager
def accelerator() -> Iterator[NeverWaits]:
    """Within it autocast knows the device `meta`, and nothing waits."""
    real = torch.autocast

    def autocast(device_type: str, *args, **kwargs):
        return nullcontext() if device_type == "meta" else real(device_type, *args, **kwargs)

    with mock.patch.object(torch, "autocast", autocast), NeverWaits() as watch:
        yield watch
