"""The wheel runs outside the checkout with what the metadata ask for; what an extra brings is said in one sentence."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from tests.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CURATION = """
name: light
store: store
sources: [{kind: scenes, rows: 200}]
metadata: {sources: [{kind: entries, entries: [circle, square, red, blue]}]}
balancing: {method: calibrate, target: {kind: capped, t: 20}}
"""
TRAINING = CURATION + "training: {settings: {steps: 1, batch: 8}}\n"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(requirements: list[str]) -> dict[str, set[str]]:
    """All distributions that these requirements come to on this machine, with the extras that are asked of them."""
    todo, found = [Requirement(line) for line in requirements], dict[str, set[str]]()
    while todo:
        asked = todo.pop()
        name, extras = canonical(asked.name), set(asked.extras)
        if name == "equipoise":
            todo += [Requirement(line) for extra in extras for line in PROJECT["optional-dependencies"][extra]]
        elif found.get(name) is None or not extras <= found[name]:
            found[name] = found.get(name, set()) | extras
            for line in importlib.metadata.requires(name) or []:
                below = Requirement(line)
                if below.marker is None or any(below.marker.evaluate({"extra": extra}) for extra in {"", *extras}):
                    below.marker = None
                    todo.append(below)
    return found


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return {canonical(line.split("==")[0]): line.split("==")[1] for line in lines if "==" in line}


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked wheel and links to the packages of a light core."""
    folder = tmp_path_factory.mktemp("outside")
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*wheel, str(folder), str(ROOT)], check=True, capture_output=True, cwd=folder)
    packages = folder / "packages"
    with ZipFile(next(folder.glob("equipoise-*.whl"))) as archive:
        archive.extractall(packages)
    for name in required(PROJECT["dependencies"]):
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or [] if file.parts[0] != ".."}:
            if not (link := packages / top).exists():
                link.symlink_to(Path(str(distribution.locate_file(top))))
    return folder


def run_outside(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The wheel's program, in an interpreter that sees nothing of the environment of the tests."""
    python = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    environment = {"PYTHONPATH": str(folder / "packages"), "HOME": str(folder), "PATH": "/usr/bin:/bin"}
    program = [str(python), "-s", *arguments]
    return subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, timeout=900)


@pytest.mark.slow  # `.ci/run` asks for it
def test_a_curation_needs_no_extra(outside: Path) -> None:
    (outside / "light.yaml").write_text(CURATION)
    asked = ["-m", "flows.command", "run", "light.yaml", "--verb", "curate", "--no-server"]
    done = run_outside(outside, *asked)
    assert done.returncode == 0, done.stderr
    assert "curated Parquet: runs/light/curated" in done.stdout
    assert (outside / "runs/light/report.html").stat().st_size > 10_000
    assert run_outside(outside, "-c", "import torch").returncode == 1, "the light core is not as light as it says"


@pytest.mark.slow
def test_what_an_extra_brings_is_one_sentence(outside: Path) -> None:
    (outside / "training.yaml").write_text(TRAINING)
    done = run_outside(outside, "-m", "flows.command", "run", "training.yaml", "--no-server")
    assert done.returncode == 1
    assert "`training`: this needs torch, which is not installed: pip install 'equipoise[train]'" in done.stderr
    assert "Traceback" not in done.stderr and not (outside / "runs/training").exists()

    done = run_outside(outside, "-c", "import equipoise; equipoise.rake; equipoise.treg")
    assert "equipoise.treg: this needs torch, which is not installed" in done.stderr.splitlines()[-1]


def test_the_lock_has_all_that_the_metadata_ask_for() -> None:
    """As `make` installs it; what is left out there is a choice: a GPU's FAISS, peers of benchmarks, word lists."""
    extras = PROJECT["optional-dependencies"]
    lines = PROJECT["dependencies"] + [line for name in ("train", "ray", "dev", "docs") for line in extras[name]]
    lines += [line for line in extras["remote"] if not line.startswith("gcsfs")]
    pinned = pins()
    for line in [each for each in lines if not each.startswith("equipoise")] + extras["models"]:
        asked = Requirement(line)
        assert pinned.get(canonical(asked.name)) is not None, f"{line} is not in requirements.lock"
        assert asked.specifier.contains(pinned[canonical(asked.name)]), line
    assert required(lines).keys() <= pinned.keys()


def test_no_extra_installs_two_packages_that_own_one_module() -> None:
    extras = PROJECT["optional-dependencies"]
    assert not any(line.startswith("faiss") for line in PROJECT["dependencies"] + extras["models"])
    assert [line for line in extras["gpu"] if "faiss" in line] == ["faiss-gpu-cu12>=1.10"]
    assert [line for line in extras["train"] if "faiss" in line] == ["faiss-cpu>=1.10"]
