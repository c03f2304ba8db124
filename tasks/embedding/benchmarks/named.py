"""Benchmarks by name: which sets there are, in which folder of a root each lies, and what counts on it.

A root is a folder of data sets as clip-benchmark's hub page or DataComp's `download_evalsets.py` lays them out:
`wds_cifar10`, `wds_vtab-cifar100`, `wds_imagenet1k_test`, or plainly `cifar10`. The names are clip-benchmark's, a slash
in them a hyphen on disk.
"""

from dataclasses import dataclass
from pathlib import Path

from storage.errors import InputError
from tasks.embedding.benchmarks.packaged import set_name

SHOWN = 8  # names that a sentence lists


@dataclass(frozen=True)
class DataCompTask:
    """One of the 38 sets of DataComp (arXiv 2304.14108, appendix N), as its task list has it.

    Attributes:
        title: its name in tables and in `eval_results.jsonl`.
        metric: the one that counts.
        needs: what it takes beyond class names, prompts and captions, where that is not scored here; else empty.
    """

    title: str
    metric: str = "acc1"
    needs: str = ""


_GROUPS = "scores by region or group, from metadata beside the labels"
_RECALL = "mean_per_class_recall"

DATACOMP: dict[str, DataCompTask] = {
    "vtab/caltech101": DataCompTask("Caltech-101", _RECALL),
    "cifar10": DataCompTask("CIFAR-10"),
    "vtab/cifar100": DataCompTask("CIFAR-100"),
    "vtab/clevr_count_all": DataCompTask("CLEVR Counts"),
    "vtab/clevr_closest_object_distance": DataCompTask("CLEVR Distance"),
    "country211": DataCompTask("Country211"),
    "vtab/dtd": DataCompTask("Describable Textures"),
    "vtab/eurosat": DataCompTask("EuroSAT"),
    "fgvc_aircraft": DataCompTask("FGVC Aircraft", _RECALL),
    "food101": DataCompTask("Food-101"),
    "gtsrb": DataCompTask("GTSRB"),
    "imagenet1k": DataCompTask("ImageNet 1k"),
    "imagenet_sketch": DataCompTask("ImageNet Sketch"),
    "imagenetv2": DataCompTask("ImageNet v2"),
    "imagenet-a": DataCompTask("ImageNet-A"),
    "imagenet-o": DataCompTask("ImageNet-O"),
    "imagenet-r": DataCompTask("ImageNet-R"),
    "vtab/kitti_closest_vehicle_distance": DataCompTask("KITTI Vehicle Distance"),
    "mnist": DataCompTask("MNIST"),
    "objectnet": DataCompTask("ObjectNet"),
    "vtab/flowers": DataCompTask("Oxford Flowers-102", _RECALL),
    "vtab/pets": DataCompTask("Oxford-IIIT Pet", _RECALL),
    "voc2007": DataCompTask("Pascal VOC 2007"),
    "vtab/pcam": DataCompTask("PatchCamelyon"),
    "renderedsst2": DataCompTask("Rendered SST2"),
    "vtab/resisc45": DataCompTask("RESISC45"),
    "cars": DataCompTask("Stanford Cars"),
    "stl10": DataCompTask("STL-10"),
    "sun397": DataCompTask("SUN397"),
    "vtab/svhn": DataCompTask("SVHN"),
    "retrieval/flickr30k": DataCompTask("Flickr", "mean_recall@1"),
    "retrieval/mscoco_2014_5k_test_image_text_retrieval": DataCompTask("MSCOCO", "mean_recall@1"),
    "misc/winogavil": DataCompTask("WinoGAViL", "jaccard_score_10-12", "associations between images and a cue"),
    "wilds/iwildcam": DataCompTask("iWildCam", "F1-macro_all", "a macro F1 over locations"),
    "wilds/camelyon17": DataCompTask("Camelyon17", needs=_GROUPS),
    "wilds/fmow": DataCompTask("FMoW", "acc_worst_region", _GROUPS),
    "fairness/dollar_street": DataCompTask("Dollar Street", "acc_top5_wg", _GROUPS),
    "fairness/geode": DataCompTask("GeoDE", "acc_wg", _GROUPS),
    "fairness/fairface": DataCompTask("FairFace", needs=_GROUPS),
    "fairness/utkface": DataCompTask("UTKFace", needs=_GROUPS),
}
"""DataComp's task list. FairFace and UTKFace have no number of their own in its average of 38."""

LISTS: dict[str, tuple[str, ...]] = {
    "datacomp": tuple(name for name, task in DATACOMP.items() if not task.needs),
    "paper": ("cifar10", "cifar100", "stl10"),
    "retrieval": ("flickr30k", "mscoco_captions"),
}
"""Names that stand for several: what of DataComp's 38 is scored here, the paper's three, and the two of T-REGS."""

SAME = (
    {"cifar100", "vtab/cifar100"},
    {"flickr30k", "retrieval/flickr30k"},
    {"mscoco_captions", "retrieval/mscoco_2014_5k_test_image_text_retrieval"},
)
"""Names that clip-benchmark and DataComp give the same set."""


def expanded(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names with every list's name replaced by what it stands for, each once, in their order."""
    return tuple(dict.fromkeys(each for name in names for each in LISTS.get(name, (name,))))


def candidates(name: str) -> tuple[str, ...]:
    """Folders that the benchmark of a name may have in a root, the likeliest first."""
    others = next((sorted(same - {name}) for same in SAME if name in same), [])
    plain = [each.replace("/", "-") for each in (name, *others)]
    bare = [each.split("/", 1)[1] for each in (name, *others) if each.startswith(("fairness/", "retrieval/"))]
    return tuple(
        folder for each in dict.fromkeys([*plain, *bare]) for folder in (f"wds_{each}", f"wds_{each}_test", each)
    )


def likely_folder(root: Path, name: str) -> Path:
    """Where the benchmark of a name lies in a root, or would lie if it were there.

    Raises `InputError` for a set of DataComp's that is not scored here.
    """
    if (task := DATACOMP.get(name)) is not None and task.needs:
        raise InputError(f"the benchmark {name!r} ({task.title}) is not scored here: it needs {task.needs}")
    found = (root / folder for folder in candidates(name) if (root / folder).is_dir())
    return next(found, root / candidates(name)[0])


def named_folder(root: Path, name: str) -> Path:
    """Where the benchmark of a name lies in a root.

    Raises `InputError` as `likely_folder` does, and where the root is no folder or holds no such set.
    """
    folder = likely_folder(root, name)
    if folder.is_dir():
        return folder
    if not root.is_dir():
        raise InputError(f"the root of the benchmarks, {root}, is no folder; give the folder that the data sets lie in")
    held = sorted(path.name for path in root.iterdir() if path.is_dir())
    some = ", ".join(held[:SHOWN]) + (f" and {len(held) - SHOWN} more" if len(held) > SHOWN else "") or "no folder"
    raise InputError(
        f"there is no benchmark {name!r} in {root}: none of {', '.join(candidates(name)[:3])} is there, but {some}; "
        "correct the name or the root"
    )


def datacomp_key(name: str) -> str | None:
    """DataComp's key of a benchmark, None for one that it does not have. name: of the set, or of its folder."""
    plain = set_name(name)
    same = next((each for each in SAME if plain in each), {plain})
    return next((key for key in DATACOMP if key in same or key.split("/")[-1] == plain), None)
