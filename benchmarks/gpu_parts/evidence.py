"""What balancing and T-REGS buy, at a size that a processor has no time for: CIFAR-10 with a long tail.

Three training sets × k = 0, 1, 2 × with and without T-REGS, one budget for all, over as many seeds as the time allows.
All eighteen trainings of a seed come before the next seed's, and a seed that is not complete is left out of the table,
which is therefore balanced whenever it ends. The model has the shape of `equipoise-tiny-vit`, in timm and torch.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from itertools import count, product

import numpy as np
import torch
from torch.nn.functional import normalize

from benchmarks.gpu_parts.longtail import COLOURS, TEMPLATES, LongTail, read_longtail, small_longtail
from benchmarks.gpu_parts.loop_settings import loop_settings
from benchmarks.gpu_parts.models import longtail_model
from benchmarks.gpu_parts.rows import Row, Setting
from benchmarks.gpu_parts.training import MIRRORED
from tasks.arrays import Bools
from tasks.evaluation.scoring.crossed import Estimate, crossed_estimate
from tasks.evaluation.scoring.multiplicity import holm
from tasks.training.data.augmentation import augment
from tasks.training.data.batch import Batch
from tasks.training.data.epoch_order import batches
from tasks.training.loop.context import Context
from tasks.training.loop.fit import fit
from tasks.training.recipes.contrastive_objective import ContrastiveObjective

PART = "evidence"
SEEDS = 5
FEWEST_STEPS, MOST_STEPS = 100, 3000
GAMMA = 3e-3
"""T-REG's γ; λ = 2e-5, both as in the paper."""


@dataclass(frozen=True)
class Cell:
    """One of the trainings that are compared."""

    variant: str
    half_steps: int
    regularised: bool

    def __str__(self) -> str:
        return f"{self.variant}, k={self.half_steps}, {'with' if self.regularised else 'without'} T-REGS"


CELLS = tuple(Cell(*each) for each in product(("original", "balanced", "random"), (0, 1, 2), (False, True)))


def measure(setting: Setting) -> Iterator[Row]:
    """Trainings as they are scored, then means and differences with their intervals."""
    missing = "xxhash, of which every draw is made" if find_spec("xxhash") is None else None
    if setting.data is None and not setting.tiny:
        missing = "--data FOLDER with cifar10_longtail and cifar10"
    if missing:
        yield Row(PART, f"needs {missing}", None, "", "", "not measured: not there")
        return
    data = small_longtail() if setting.data is None else read_longtail(setting.data)
    for variant, copies in data.copies.items():
        yield Row(PART, f"{variant}: {np.count_nonzero(copies):,} pairs, with copies", float(copies.sum()), "pairs")
    steps, longest = _budget(setting, data)
    yield Row(PART, f"steps of a training, batch {_batch(setting)}", steps, "steps")
    answers: list[dict[Cell, Bools]] = []
    for seed in count():
        scored: dict[Cell, Bools] = {}
        for cell in CELLS:
            if time.monotonic() + 1.2 * longest > setting.deadline or (setting.tiny and seed == 2):
                break
            began = time.monotonic()
            scored[cell] = correct = trained(setting, data, cell, seed=seed, steps=steps)
            longest = max(longest, time.monotonic() - began)
            yield Row(PART, f"seed {seed}: {cell}", 100 * _mean(correct[None], data), "%")
        if len(scored) < len(CELLS):
            break
        answers.append(scored)
    yield from table(answers, data, setting.judged(len(answers) >= SEEDS))


def table(answers: list[dict[Cell, Bools]], data: LongTail, verdict: str) -> Iterator[Row]:
    """Mean per-class recall of every cell and what pairs of cells differ by, with 95 % intervals over seeds and images.

    Args:
        answers: of every seed that is complete, which test pictures a cell's model named rightly, `[m]`.
        data: whose test pictures.
        verdict: on the number of seeds.
    """
    yield Row(PART, "seeds that are complete", len(answers), "seeds", f">= {SEEDS}", verdict)
    if not answers:
        return
    of = {cell: np.array([scored[cell] for scored in answers], np.float64) for cell in CELLS}
    for cell, values in of.items():
        yield _row(str(cell), crossed_estimate(values, data.label))
    pairs = list(compared())
    found = [crossed_estimate(of[ours] - of[theirs], data.label) for _, ours, theirs in pairs]
    adjusted = holm(np.array([1.0 if each is None else each.p_value for each in found]))
    for (words, _, _), estimate, p in zip(pairs, found, adjusted, strict=True):
        yield _row(words, estimate, f"p {p:.2g} (Holm)")


def compared() -> Iterator[tuple[str, Cell, Cell]]:
    """Pairs of cells that differ in one thing: in words, ours, theirs."""
    for cell in CELLS:
        if cell.variant == "balanced":
            for other in ("original", "random"):
                yield f"{cell} − {other}", cell, replace(cell, variant=other)
        if cell.half_steps:
            yield f"{cell} − k={cell.half_steps - 1}", cell, replace(cell, half_steps=cell.half_steps - 1)
        if cell.regularised:
            yield f"{cell} − without", cell, replace(cell, regularised=False)


def _row(words: str, estimate: Estimate | None, remark: str = "") -> Row:
    if estimate is None:
        return Row(PART, words, None, "")
    interval = estimate.interval()
    over = "" if interval.over == "seeds and images" else f" over {interval.over} alone"  # of one seed
    return Row(PART, words, 100 * estimate.mean, f"% ± {50 * (interval.high - interval.low):.2f}", remark + over)


def _mean(values: Bools, data: LongTail) -> float:
    return float(np.mean([values[:, data.label == each].mean() for each in np.unique(data.label)]))


def _batch(setting: Setting) -> int:
    return 16 if setting.tiny else 128


def _budget(setting: Setting, data: LongTail) -> tuple[int, float]:
    """Steps of every training so that `SEEDS` seeds take most of the time, and seconds that the longest may take."""
    if setting.tiny:
        return 4, 0.0

    def seconds(cell: Cell, steps: int) -> float:
        began = time.monotonic()
        trained(setting, data, cell, seed=0, steps=steps)
        return time.monotonic() - began

    trained(setting, data, CELLS[-1], seed=0, steps=4)  # whatever is made ready once
    short, long = 10, 60
    timed = [(seconds(cell, short), seconds(cell, long)) for cell in (CELLS[0], CELLS[-1])]
    steps_take = [max(1e-6, (whole - part) / (long - short)) for part, whole in timed]
    scoring = max(0.0, min(part - short * step for (part, _), step in zip(timed, steps_take, strict=True)))
    left = max(0.0, setting.deadline - time.monotonic())
    each = 0.85 * left / (SEEDS * len(CELLS))
    steps = int(np.clip((each - scoring) / np.mean(steps_take), FEWEST_STEPS, MOST_STEPS))
    return steps, scoring + steps * max(steps_take)


def trained(setting: Setting, data: LongTail, cell: Cell, *, seed: int, steps: int) -> Bools:
    """Train a cell's model; which test pictures it then names rightly, `[m]`."""
    torch.manual_seed(seed)
    model = longtail_model(data.words)
    batch = _batch(setting)
    settings = loop_settings(
        steps=steps,
        batch=batch,
        half_steps=cell.half_steps,
        gamma=GAMMA if cell.regularised else 0.0,
        rate=2e-3,
        warmup=min(20, steps // 4),
        clip_norm=1.0,
    )
    objective = ContrastiveObjective(model, settings.loss, settings.regulariser)
    stream = partial(_stream, data, data.copies[cell.variant], batch, seed, setting.workers)
    fit(objective, stream, settings, Context(device=setting.device), ahead=3 if setting.accelerated else 0)
    return _named_rightly(setting, data, model.eval())


def _stream(data: LongTail, copies: "np.ndarray", batch: int, seed: int, workers: int, start: int) -> Iterator[Batch]:
    ids, places = data.ids, np.arange(batch)
    order = batches(ids, copies, batch=batch, seed=seed, start=start, pictures=data.same_picture)
    for step, rows in enumerate(order, start):
        images = augment(data.pixels[rows], places, MIRRORED, seed=seed, step=step, workers=workers, **COLOURS)
        yield Batch(ids[rows], images, data.encoded[torch.from_numpy(rows)])


@torch.inference_mode()
def _named_rightly(setting: Setting, data: LongTail, model: torch.nn.Module) -> Bools:
    prompts = [template.format(name) for name in data.classes for template in TEMPLATES]
    texts = model.encode_text(data.tokens(prompts).to(setting.device), normalize=True)
    centres = normalize(texts.view(len(data.classes), len(TEMPLATES), -1).mean(dim=1), dim=1)
    found = []
    for images in data.asked.to(setting.device).split(1000):
        found.append((model.encode_image(images, normalize=True) @ centres.T).argmax(dim=1).cpu())
    return torch.cat(found).numpy() == data.label
