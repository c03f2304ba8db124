"""What an extra brings is told in one sentence; any other import error is none of ours."""

import tomllib

from packaging.requirements import Requirement

from storage.extras import PACKAGES, explanation, missing, sentence
from tests.paths import ROOT


def test_every_package_names_an_extra_that_there_is() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(PACKAGES.values()) <= extras.keys()
    brought = {Requirement(line).name for line in extras["models"] if not line.startswith("equipoise")}
    modules = {"open_clip": "open_clip_torch", "clip_benchmark": "clip-benchmark"}
    named = {modules.get(package, package) for package, extra in PACKAGES.items() if extra == "train"}
    assert brought <= named


def test_missing_names_the_first_that_is_not_there() -> None:
    assert missing("json", "no_such_package", "nor_this") == "no_such_package"
    assert missing("json") is None


def test_the_sentence_names_the_extra() -> None:
    assert "pip install 'equipoise[ray]'" in sentence("ray")
    assert "'equipoise[train]' (or 'equipoise[gpu]'" in sentence("faiss")


def test_only_a_missing_extra_is_explained(monkeypatch) -> None:
    monkeypatch.setitem(PACKAGES, "no_such_package", "train")
    assert "needs no_such_package" in explanation(ModuleNotFoundError("no", name="no_such_package.part"))
    assert explanation(ImportError("cannot import name 'x'", name="no_such_package")) is None
    assert explanation(ModuleNotFoundError("no", name="another")) is None
    assert explanation(ModuleNotFoundError("no", name="json.missing")) is None
