"""The authors' published zero-shot results of *The Benefits of Balance*: which loss, encoder, batch and step each is.

They lie as `results/{joint,clip,double}_{text encoder}[_b128]/{dataset}_{step}.json`, in clip-benchmark's form; a file
without a step is the end of the training.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from storage.errors import InputError
from tasks.evaluation.exchange.clip_benchmark_json import Result, read_results

HALF_STEPS = {"joint": 0, "clip": 1, "orig": 1, "double": 2}
"""The k of the loss, by how the authors name it."""

_FOLDER = re.compile(r"^(joint|clip|orig|double)_([a-z0-9]+?)(?:_b(\d+))?$")
_FILE = re.compile(r"^(.+?)(?:_(\d+))?$")
BATCH, STEPS = 512, 5_000


@dataclass(frozen=True)
class Published:
    """One of their numbers.

    Attributes:
        half_steps: k of the loss.
        text: the text encoder: clip, bert or gpt.
        batch: examples a step.
        dataset: cifar10, cifar100 or stl10.
        step: of the training.
        result: the scores.
    """

    half_steps: int
    text: str
    batch: int
    dataset: str
    step: int
    result: Result


def read_published(folder: Path) -> list[Published]:
    """Every result below a folder whose own folder is named as theirs are, by what it is of.

    Raises `InputError` where none is.
    """
    found = []
    for path, result in read_results(folder):
        named, file = _FOLDER.match(path.parent.name), _FILE.match(path.stem)
        if named is None or file is None:
            continue
        loss, text, batch = named.groups()
        step = int(file[2] or STEPS)
        found.append(Published(HALF_STEPS[loss], text, int(batch or BATCH), file[1], step, result))
    if not found:
        raise InputError(
            f"no result below {folder} lies in a folder such as double_bert_b128; give the authors' `results`"
        )
    return sorted(found, key=lambda each: (each.text, each.batch, each.dataset, each.half_steps, each.step))
