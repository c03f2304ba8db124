"""What others have for the same work, where it is installed. Nothing here is needed, and a peer's fault is a row.

Of these only FAISS on a processor could be tried here: cuVS and Inf-CL have no form without CUDA.
"""

from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor

from benchmarks.gpu_parts.rows import Row, Setting, in_words

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
Graph = Callable[["np.ndarray[tuple[int, int], np.dtype[np.float32]]", int], object]
"""Of points `[n, d]`, the nearest so many of each, itself among them."""


def losses(setting: Setting) -> Iterator[tuple[str, Loss]]:
    """CLIP's loss without a matrix of logits: Inf-CL's kernels for one card (arXiv 2410.17243; pip install inf-cl)."""
    if setting.accelerated and find_spec("inf_cl"):
        from inf_cl import cal_flash_loss

        def inf_cl(x: Tensor, y: Tensor, scale: Tensor) -> Tensor:
            both = cal_flash_loss(x, y, scale=scale).mean() + cal_flash_loss(y, x, scale=scale).mean()
            return both / 2

        yield "Inf-CL", inf_cl


def graphs(setting: Setting) -> Iterator[tuple[str, Graph]]:
    """Exact neighbour graphs: FAISS on the card where it has that, else on the processor, and cuVS."""
    if find_spec("faiss"):
        import faiss

        if setting.accelerated and hasattr(faiss, "StandardGpuResources"):
            resources = faiss.StandardGpuResources()
            yield "faiss-gpu", lambda points, k: faiss.knn_gpu(resources, points, points, k)[1]
        else:
            yield "faiss on the processor", lambda points, k: faiss.knn(points, points, k)[1]
    if setting.accelerated and find_spec("cuvs"):
        from cuvs.neighbors import brute_force

        def cuvs(points: "np.ndarray[tuple[int, int], np.dtype[np.float32]]", k: int) -> object:
            held = torch.from_numpy(points).to(setting.device)
            return torch.as_tensor(brute_force.search(brute_force.build(held), held, k)[1], device=setting.device).cpu()

        yield "cuVS", cuvs


def attempted(part: str, words: str, measure: Callable[[], float], unit: str) -> Row:
    """A peer's row; where it fails, what it said."""
    try:
        return Row(part, words, measure(), unit)
    except Exception as error:
        return Row(part, words, None, "", "", f"not measured: {in_words(error)}")
