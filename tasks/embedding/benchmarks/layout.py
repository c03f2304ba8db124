"""The `wds/` layout of clip-benchmark, checked before anything of it is read.

    classnames.txt                        one class a line
    zeroshot_classification_templates.txt one prompt a line, `a photo of a {c}.`
    dataset_type.txt                      `retrieval` or `multilabel`; absent for classification
    test/nshards.txt                      the number of shards
    test/0.tar …                          s0000000.{jpg,png,webp} + .cls | .npy | .txt

Where a folder has no prompts, or no class names, those that clip-benchmark ships for the benchmark's name are taken.

The files are untrusted: tars are walked by `archive`, and prompts are held to the one field `{c}`,
because clip-benchmark hands them to `str.format`, which would follow attributes and honour absurd widths.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from string import Formatter
from typing import Literal, cast, get_args

from storage.errors import InputError
from tasks.embedding.benchmarks.archive import walk_archives
from tasks.embedding.benchmarks.packaged import packaged_lines

CLASS_NAMES = "classnames.txt"
TEMPLATES = "zeroshot_classification_templates.txt"
DATASET_TYPE = "dataset_type.txt"
SHARD_COUNT = "nshards.txt"
MOST_DIGITS = 9
# webdataset reads these as its own URL syntax: alternatives, concatenation, schemes, variables.
URL_SYNTAX = ("{", "}", "::", "://", "${")

Kind = Literal["classification", "multilabel", "retrieval"]


@dataclass(frozen=True)
class Layout:
    """A benchmark folder that was found complete and safe to read.

    Attributes:
        name: for display.
        root: its folder.
        split: the sub-folder of `root` with the tars.
        kind: its task.
        shards: the tars, in order.
        classes: names of the classes; empty for retrieval.
        templates: the prompts; empty for retrieval.
        images: how many samples the tars hold.
        of_class: of them, how many show each class; empty for retrieval.
    """

    name: str
    root: Path
    split: str
    kind: Kind
    shards: tuple[Path, ...]
    classes: tuple[str, ...]
    templates: tuple[str, ...]
    images: int
    of_class: tuple[int, ...] = ()

    @property
    def labels(self) -> int | None:
        """How many classes labels may name; None for retrieval."""
        return len(self.classes) or None

    @property
    def prompts(self) -> list[list[str]]:
        """For every class the prompts that zero-shot evaluation uses: each template with `{c}` replaced by the name."""
        return _prompts(self.classes, self.templates)


def subfolder(root: Path, benchmark: str) -> Path:
    """The folder of `benchmark` inside `root` (`root` itself for ""); refuses to step outside it.

    Raises:
        InputError: `benchmark` is absolute or climbs out by `..`, or the folder does not exist.
    """
    relative = PurePosixPath(benchmark)
    if relative.is_absolute() or ".." in relative.parts or "\\" in benchmark:
        raise InputError(f"the benchmark {benchmark!r} leads out of its data set; name a sub-folder such as 'shape'")
    folder = root / relative
    if not folder.is_dir():
        raise InputError(f"there is no benchmark folder at {folder}; check the benchmark's name and path")
    return folder


def inspect_layout(root: Path, *, name: str, split: str = "test") -> Layout:
    """Check the benchmark in `root` and describe it.

    Raises:
        InputError: a file is missing, empty or malformed; the sentence names it and says what it should hold.
    """
    if any(mark in str(root) for mark in URL_SYNTAX):
        raise InputError(
            f"the benchmark path {root} holds {' or '.join(URL_SYNTAX)}, which webdataset would take for its own "
            "syntax; rename the folder"
        )
    kind = _kind(root)
    shards = _shards(root / split)
    classes: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    if kind != "retrieval":
        classes = _class_names(root / CLASS_NAMES, name)
        templates = _templates(root / TEMPLATES, name)
    walked = walk_archives(shards, classes=len(classes) or None, several=kind == "multilabel")
    if walked.images == 0:
        raise InputError(f"the tars in {root / split} hold no samples; a benchmark needs at least one image")
    return Layout(
        name=name,
        root=root,
        split=split,
        kind=kind,
        shards=shards,
        classes=classes,
        templates=templates,
        images=walked.images,
        of_class=walked.of_class,
    )


def read_prompts(root: Path, name: str = "") -> list[str]:
    """All prompts of the benchmark in `root`; none for retrieval. Raises `InputError` as `inspect_layout` does.

    name: of the benchmark, where clip-benchmark's own lists may stand in for missing files.
    """
    if _kind(root) == "retrieval":
        return []
    names, templates = _class_names(root / CLASS_NAMES, name), _templates(root / TEMPLATES, name)
    return [prompt for every in _prompts(names, templates) for prompt in every]


def _prompts(classes: tuple[str, ...], templates: tuple[str, ...]) -> list[list[str]]:
    return [[template.format(c=name) for template in templates] for name in classes]


def _text(path: Path, meaning: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"the benchmark has no {path.name} at {path}; it should hold {meaning}") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); it should hold {meaning}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text; it should hold {meaning}") from None


def _kind(root: Path) -> Kind:
    path = root / DATASET_TYPE
    if not path.exists():
        return "classification"
    stated = _text(path, "'retrieval', 'multilabel' or 'classification'").strip().lower()
    for kind in get_args(Kind):
        if stated == kind:
            return cast(Kind, kind)
    raise InputError(
        f"{path} says {stated[:40]!r}, which is not evaluated here; use 'retrieval' or 'multilabel', or remove it for "
        "classification"
    )


def _shards(folder: Path) -> tuple[Path, ...]:
    path = folder / SHARD_COUNT
    stated = _text(path, "the number of tars").strip()
    if not (stated.isascii() and stated.isdigit()) or len(stated) > MOST_DIGITS or int(stated) < 1:
        raise InputError(f"{path} says {stated[:40]!r}; it should hold the number of tars, at least 1")
    shards: list[Path] = []
    for index in range(int(stated)):
        shard = folder / f"{index}.tar"
        if not shard.is_file():
            raise InputError(f"{path} announces {stated} shards, but {shard} is missing; restore it")
        shards.append(shard)
    return tuple(shards)


def _lines(path: Path, meaning: str) -> tuple[str, ...]:
    # Stripped and split as clip-benchmark does it, so that line numbers in errors are the ones it would use.
    lines = tuple(line.strip() for line in _text(path, meaning).splitlines())
    if not lines:
        raise InputError(f"{path} is empty; it should hold {meaning}")
    for number, line in enumerate(lines, start=1):
        if not line:
            raise InputError(f"{path}, line {number}, is empty; it should hold {meaning}")
    return lines


def _class_names(path: Path, benchmark: str) -> tuple[str, ...]:
    shipped = () if path.exists() else packaged_lines(benchmark, "classnames")
    names = shipped or _lines(path, "one class name a line")
    if len(names) < 2:
        raise InputError(f"{path} names one class only; zero-shot classification needs two or more")
    return names


def _templates(path: Path, benchmark: str) -> tuple[str, ...]:
    meaning = "one prompt a line, with {c} where the class name goes"
    shipped = () if path.exists() else packaged_lines(benchmark, "zeroshot_classification_templates")
    templates = shipped or _lines(path, meaning)
    for number, template in enumerate(templates, start=1):
        try:
            fields = [field for field in Formatter().parse(template) if field[1] is not None]
        except ValueError as error:
            raise InputError(f"{path}, line {number}: {error}; it should hold {meaning}") from None
        if not fields:
            raise InputError(f"{path}, line {number}, has no {{c}}; it should hold {meaning}")
        if any(name != "c" or specification or conversion for _, name, specification, conversion in fields):
            raise InputError(f"{path}, line {number}, has a field other than {{c}}; it should hold {meaning}")
    return templates
