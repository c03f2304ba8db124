"""How to do the same again: what a run knows of its command, its code and its machine."""

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import flows
from flows.config.experiment import Experiment
from flows.config.resolved import resolved_path, resolved_yaml
from flows.engine.engine import Node
from flows.verbs import Verb
from tasks.reporting.page.this_run import ThisRun

KEY_PACKAGES = ("numpy", "pyarrow", "polars", "numba", "torch", "open_clip_torch", "faiss-cpu", "prefect")
_UNKNOWN = "not known"


def this_run(config: Experiment, verb: Verb, nodes: Sequence[Node]) -> ThisRun:
    """What a run says of itself on its report's page."""
    return ThisRun(
        command=command(),
        again=again(config, verb),
        facts=facts(),
        digests=digests(nodes),
        configuration=resolved_yaml(config, again(config, verb)),
        path=str(resolved_path(config)),
    )


def command() -> str:
    """How this process was started, as one would type it; a deployment's run has no command to type."""
    if flow_run := os.environ.get("PREFECT__FLOW_RUN_ID"):
        return f"a deployment's flow run, {flow_run}"
    first, *rest = sys.argv
    if Path(first).name in ("equipoise", "command.py"):
        return shlex.join(["equipoise", *rest])
    return shlex.join(["python", *sys.orig_argv[1:]])


def again(config: Experiment, verb: Verb) -> str:
    """The command that does the same from the configuration in the run's folder."""
    words = ["equipoise", "run", str(resolved_path(config))]
    return shlex.join(words if verb == config.whole else [*words, "--verb", verb])


def facts() -> dict[str, str]:
    """Versions of the code and of what it rests on, and the machine, by name."""
    found = {name: package_version(name) for name in KEY_PACKAGES}
    return {
        "Equipoise": f"{package_version('equipoise') or _UNKNOWN}, {code()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        "packages": ", ".join(f"{name} {number}" for name, number in found.items() if number),
    }


@cache
def code() -> str:
    """The commit that the code is of, and whether it was changed since; a package that was installed has none.

    Asked once: what a process has loaded stays.
    """
    root = Path(flows.__file__).resolve().parents[1]
    if not (root / ".git").exists():  # a folder, or a file in a linked work tree; the one around it is another's
        return "no commit: installed as a package"
    try:
        described = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            capture_output=True, text=True, timeout=20, check=True, stdin=subprocess.DEVNULL,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return f"commit {_UNKNOWN}"
    commit, _, dirty = described.partition("-")
    return f"commit {commit}" + (" with changes that were not committed" if dirty else "")


def digests(nodes: Sequence[Node]) -> dict[str, list[str]]:
    """Digests of every source's pairs and of the curated set, in the order of their parts; and of sources' files."""
    found: dict[str, list[str]] = {}
    for node in nodes:
        if node.manifest is None:
            continue
        if node.stage == "ingest":
            name = f"source {node.manifest.stats.get('source', '')}"
            for file in _fingerprints(node.manifest.parameters.get("files")):
                if file not in found.setdefault(f"{name}: files", []):
                    found[f"{name}: files"].append(file)
            found.setdefault(f"{name}: pairs", []).append(node.manifest.digest)
        elif node.stage == "gather" and node.manifest.files:
            found.setdefault("curated set", []).append(node.manifest.digest)
    return found


def package_version(name: str) -> str | None:
    """A distribution's version; None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _fingerprints(files: object) -> list[str]:
    """Hashes of what lies outside the store, in an argument of a stage."""
    if isinstance(files, Mapping):
        found = files.get("fingerprint")
        return [found] if isinstance(found, str) else [each for part in files.values() for each in _fingerprints(part)]
    return [each for part in files for each in _fingerprints(part)] if isinstance(files, list | tuple) else []
