"""Every path that a device takes, against float64 on the processor. A NaN never passes."""

import math
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.distributed
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.gpu_parts import killed
from benchmarks.gpu_parts.models import image_model
from benchmarks.gpu_parts.rows import Row, Setting, checked, guarded, relative
from tasks.embedding.encoding.encoders import Encoders, ImageEncoder
from tasks.geometry.neighbours.knn import knn
from tasks.geometry.tree.mst import minimum_spanning_tree
from tasks.training.distributed.ranks import Ranks
from tasks.training.losses.balanced import surrogate_loss
from tasks.training.losses.modules import distributed_contrastive_loss
from tasks.training.losses.tiled import tiled_balanced_loss
from tasks.training.losses.unrolled import unrolled_loss
from tasks.training.tregs.batch_boruvka import boruvka_edges
from tasks.training.tregs.batch_prim import minimum_spanning_edges
from tasks.training.tregs.tree_length import indexed_length, tree_length

PART = "correctness"
ROOT = Path(__file__).parents[2]


def measure(setting: Setting) -> Iterator[Row]:
    """Losses, trees, neighbours, embedding, resuming, one rank. A fault of one does not cost the others."""
    for what, rows in (
        ("losses", _losses),
        ("trees", _trees),
        ("neighbours", _neighbours),
        ("embedding", _embedding),
        ("resuming", lambda setting: iter([_resumed(setting)])),
        ("one rank", _one_rank),  # last, since a group of processes is what hangs, if anything does
    ):
        setting.check_time()
        yield from guarded(PART, what, rows(setting))


def _losses(setting: Setting) -> Iterator[Row]:
    n = 65 if setting.tiny else 1500
    generator = torch.Generator().manual_seed(0)
    image, text = (normalize(torch.randn(n, 64, generator=generator), dim=1) for _ in range(2))
    scale = torch.tensor(30.0)

    def gradients(loss, device: str, dtype: torch.dtype) -> list[Tensor]:
        leaves = [each.to(device, dtype).requires_grad_() for each in (image, text, scale)]
        value = loss(*leaves)
        return [value, *torch.autograd.grad(value, leaves)]

    for k in (0, 1, 2, 5):
        right = gradients(lambda x, y, s, k=k: unrolled_loss(s * x @ y.T, k), "cpu", torch.float64)
        forms = {
            "dense": lambda x, y, s, k=k: distributed_contrastive_loss(x, y, s, half_steps=k),
            "in tiles": lambda x, y, s, k=k: tiled_balanced_loss(x, y, s, k, tile=n // 4),
        }
        for name, form in forms.items():
            error = relative(gradients(form, setting.device, torch.float32), right)
            yield checked(PART, f"loss k={k}, {name}, value and gradients, B={n}", error, 1e-4)
    right = gradients(lambda x, y, s: surrogate_loss(s * x @ y.T), "cpu", torch.float64)
    found = gradients(
        lambda x, y, s: distributed_contrastive_loss(x, y, s, half_steps=2, gradient="surrogate"),
        setting.device,
        torch.float32,
    )
    yield checked(PART, f"loss k=2, surrogate, value and gradients, B={n}", relative(found, right), 1e-4)


def _trees(setting: Setting) -> Iterator[Row]:
    n, d = (48, 8) if setting.tiny else (512, 64)
    generator = torch.Generator().manual_seed(1)
    plain = torch.randn(n, d, generator=generator)
    centres = 10 * torch.randn(16, d, generator=generator)
    traps = {
        "random points": plain,
        "half of them twice": torch.cat([plain[: n // 2], plain[: n // 2]]),
        "spread 1e-3 about one point": torch.eye(1, d) + 1e-3 * plain,
        "offset 100": plain + 100,
        "sixteen tight clusters": centres[torch.arange(n) % 16] + 1e-3 * plain,
        "all equal": torch.ones(n, d),
    }
    for name, points in traps.items():
        right = torch.from_numpy(_prim(points.double().numpy()))
        wide = points.double().requires_grad_()
        shortest = indexed_length(wide, right).detach()
        for way, tree, length in (
            ("as in training", minimum_spanning_edges, tree_length),
            ("by Borůvka", boruvka_edges, indexed_length),
        ):
            own = points.to(setting.device).requires_grad_()
            edges = tree(own)
            found = length(own, edges)
            (gradient,) = torch.autograd.grad(found, own)
            yield checked(PART, f"tree's length, {name}, {way}", relative([found], [shortest]), 1e-5)
            edges = edges.cpu()
            yield checked(PART, f"tree's loops, {name}, {way}", _loops(edges.numpy(), len(points)), 0)
            lengths = [_lengths(wide.detach(), each) for each in (edges, right)]  # those of all shortest trees agree
            yield checked(PART, f"tree's edges, {name}, {way}", relative(lengths[:1], lengths[1:]), 1e-5)
            (pull,) = torch.autograd.grad(indexed_length(wide, edges), wide)  # of the same tree: others may tie
            yield checked(PART, f"tree's gradient, {name}, {way}", relative([gradient], [pull]), 1e-3)


def _lengths(points: Tensor, edges: Tensor) -> Tensor:
    """Of every edge, the shortest first, `[n - 1]`."""
    return (points[edges[:, 0]] - points[edges[:, 1]]).norm(dim=1).sort().values


def _loops(edges: np.ndarray, n: int) -> float:
    """Edges that join what was joined before: none, where `n - 1` edges span all points."""
    root = list(range(n))

    def find(point: int) -> int:
        while root[point] != point:
            root[point] = root[root[point]]
            point = root[point]
        return point

    loops = n - 1 - len(edges)
    for one, other in edges.tolist():
        first, second = find(one), find(other)
        loops += first == second
        root[first] = second
    return float(loops)


def _prim(points: np.ndarray) -> np.ndarray:
    """The minimum spanning tree by the textbook, in float64: edges int64 `[n - 1, 2]`."""
    n = len(points)
    best, parent, outside = np.full(n, np.inf), np.zeros(n, np.int64), np.ones(n, bool)
    edges, current = [], 0
    for _ in range(n - 1):
        outside[current] = False
        distances = np.linalg.norm(points - points[current], axis=1)
        closer = outside & (distances < best)
        best[closer], parent[closer] = distances[closer], current
        current = int(np.flatnonzero(outside)[best[outside].argmin()])
        edges.append((parent[current], current))
    return np.array(edges, np.int64)


def _neighbours(setting: Setting) -> Iterator[Row]:
    n, d, k = (300, 8, 4) if setting.tiny else (6000, 64, 16)
    points = np.random.default_rng(2).standard_normal((n, d), np.float32)
    points[n // 2 : n // 2 + n // 8] = points[: n // 8]  # repetitions
    found = knn(points, k, backend="torch", device=setting.device)
    wide = points.astype(np.float64)
    right = np.stack([np.sort(np.linalg.norm(wide - row, axis=1))[1 : k + 1] for row in wide])
    error = float(np.abs(found.distances - right).max())
    yield checked(PART, f"k-NN in tiles, distances, n={n} D={d}, repetitions among them", error, 1e-5)
    tree = minimum_spanning_tree(points, method="knn", neighbours=k, backend="torch", device=setting.device)
    if n <= 1000:
        edges = _prim(wide)
    else:
        edges = minimum_spanning_tree(points, method="exact").edges
    length = np.linalg.norm(wide[edges[:, 0]] - wide[edges[:, 1]], axis=1).sum()
    yield checked(PART, f"certified tree, length, n={n} D={d}", float(abs(tree.length / length - 1)), 1e-6)
    yield checked(PART, "certified tree, edges without a certificate", float((~tree.certified).sum()), 0)


def _embedding(setting: Setting) -> Iterator[Row]:
    model, side = image_model("vit_base_patch32_224", tiny=setting.tiny)
    pixels = torch.randn(8, 3, side, side, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        right = normalize(model.double()(pixels.double()), dim=1)
    model.float().to(setting.device)
    encoder = ImageEncoder(lambda picture: picture, lambda batch: model(batch.to(setting.device)))
    for precision, tolerance in (("float32", 1e-3), ("bfloat16", 1e-1)):
        found = Encoders(encoder, None, setting.device, precision).images(pixels)
        yield checked(PART, f"embedding in {precision}", relative([torch.from_numpy(found)], [right]), tolerance)


def _one_rank(setting: Setting) -> Iterator[Row]:
    """A step of data-parallel training over a group of one process: what every collective of ours goes through."""
    backend = "nccl" if setting.accelerated else "gloo"
    heads, batch = killed.heads_and_batch(setting.device)
    with tempfile.TemporaryDirectory(dir=setting.folder) as folder:
        torch.distributed.init_process_group(
            backend, init_method=(Path(folder) / "meet").as_uri(), rank=0, world_size=1
        )
        try:
            parallel = torch.nn.parallel.DistributedDataParallel(heads)
            ranks = Ranks(torch.distributed.group.WORLD)
            for k in (0, 1, 2, 5):
                gradients = []
                for model, group in ((parallel, ranks), (heads, None)):
                    heads.zero_grad()
                    image, text, scale = model(batch.images.to(setting.device), batch.texts.to(setting.device))
                    distributed_contrastive_loss(image, text, scale, half_steps=k, ranks=group).backward()
                    gradients.append([parameter.grad.clone() for parameter in heads.parameters()])
                yield checked(PART, f"a step over one rank by {backend}, gradients, k={k}", relative(*gradients), 1e-4)
        finally:
            torch.distributed.destroy_process_group()


def _resumed(setting: Setting) -> Row:
    """A training that is killed and gone on with ends where the other does: bit for bit on a processor."""
    what = "killed after step 5 of 8, resumed from step 3, parameters at the end"
    with tempfile.TemporaryDirectory(dir=setting.folder) as above:
        whole, cut = Path(above) / "whole", Path(above) / "cut"
        right, _ = killed.train(whole, setting.device)
        command = [sys.executable, "-m", killed.__name__, str(cut), setting.device, "5"]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        if ended.returncode != -signal.SIGKILL:
            raise RuntimeError(
                f"the training was to be killed, and ended with {ended.returncode}: {ended.stderr[-300:]}"
            )
        resumed, step = killed.train(cut, setting.device)
    if step != 3:
        return checked(PART, f"{what}: it went on from {step}", math.nan, 0)
    tolerance = 1e-5 if setting.accelerated else 0.0
    error = relative(resumed.parameters(), [parameter.detach() for parameter in right.parameters()])
    return checked(PART, what, error, tolerance)
