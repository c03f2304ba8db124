"""Which extra of the package brings what a curation alone does not need, and the sentence that says so."""

from importlib.util import find_spec

PACKAGES = {
    "torch": "train",
    "torchvision": "train",
    "lightning": "train",
    "safetensors": "train",
    "open_clip": "train",
    "open_clip_train": "train",
    "transformers": "train",
    "timm": "train",
    "clip_benchmark": "train",
    "webdataset": "train",
    "tensorboardX": "train",
    "faiss": "train",
    "wandb": "wandb",
    "mlflow": "mlflow",
    "ray": "ray",
    "prefect_ray": "ray",
    "upath": "remote",
    "s3fs": "remote",
    "gcsfs": "remote",
    "aiohttp": "remote",
}
"""Top-level modules, and the extra of `pyproject.toml` that installs them."""


def missing(*packages: str) -> str | None:
    """The first of the packages that is not installed."""
    return next((package for package in packages if find_spec(package) is None), None)


def sentence(package: str) -> str:
    """What to do about a package that is missing; `package` is one of `PACKAGES`."""
    extra = PACKAGES[package]
    either = " (or 'equipoise[gpu]', where FAISS is to use a GPU)" if extra == "train" else ""
    return f"this needs {package}, which is not installed: pip install 'equipoise[{extra}]'{either}"


def explanation(error: ImportError) -> str | None:
    """The sentence for an import that failed because an extra is missing; None for any other import."""
    package = (error.name or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or package not in PACKAGES or missing(package) is None:
        return None
    return sentence(package)
