"""What a run knows of its command, its code and its machine."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import flows
from flows.config.pipeline import PipelineConfig
from flows.engine.engine import Node
from flows.records.reproduction import again, code, command, digests, facts, this_run
from storage.record.manifest import FileRef, Manifest
from tests.flows.config.test_resolved import base

FILE = FileRef(path="curated-00000.parquet", bytes=1, rows=1, hash="xxh3:0")


def manifest(stage: str, digest: str, *, files: tuple[FileRef, ...] = (FILE,), **parameters: object) -> Manifest:
    return Manifest(
        stage=stage, key=digest, digest=digest, files=files, parameters=parameters, code="c", software={},
        stats={"source": "photos"}, created=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def with_sources(digest: str, files: list[dict[str, str]]) -> Manifest:
    return manifest("ingest", digest).model_copy(update={"parameters": {"files": files}})


@pytest.mark.parametrize(
    ("argv", "orig_argv", "said"),
    [
        (["/usr/bin/equipoise", "run", "a b.yaml"], [], "equipoise run 'a b.yaml'"),
        (["/x/flows/command.py", "run", "a.yaml", "--verb", "curate"], [], "equipoise run a.yaml --verb curate"),
        (["/x/mine.py"], ["/usr/bin/python3", "mine.py", "$HOME"], "python mine.py '$HOME'"),
    ],
)
def test_the_command_is_what_one_would_type(
    argv: list[str], orig_argv: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT__FLOW_RUN_ID", raising=False)
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "orig_argv", orig_argv)
    assert command() == said


def test_a_deployments_run_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT__FLOW_RUN_ID", "0198-77")
    assert command() == "a deployment's flow run, 0198-77"


def test_the_verb_is_said_where_it_is_not_the_whole() -> None:
    assert again(base(), "pipeline") == "equipoise run runs/small/experiment.yaml"
    assert again(base(), "curate") == "equipoise run runs/small/experiment.yaml --verb curate"
    spaced = PipelineConfig.model_validate(base().model_dump() | {"output": "my runs/x"})
    assert again(spaced, "pipeline") == "equipoise run 'my runs/x/experiment.yaml'"


def test_the_commit_is_the_codes_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*words: str) -> str:
        names = ["-c", "user.name=a", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false"]
        return subprocess.run(
            ["git", "-C", str(tmp_path), *names, *words], check=True, capture_output=True, text=True
        ).stdout.strip()

    def told() -> str:
        code.cache_clear()
        return code()

    (tmp_path / "site" / "flows").mkdir(parents=True)
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "__init__.py").write_text("")
    git("init", "-q")
    monkeypatch.setattr(flows, "__file__", str(tmp_path / "flows" / "__init__.py"))
    assert told() == "commit not known"  # none yet
    git("add", "flows")
    git("commit", "-qm", "one")
    git("tag", "-a", "v1", "-m", "a tag's name is no commit")
    assert told() == f"commit {git('rev-parse', 'HEAD')}"
    (tmp_path / "flows" / "__init__.py").write_text("changed = 1")
    assert told() == f"commit {git('rev-parse', 'HEAD')} with changes that were not committed"
    monkeypatch.setattr(flows, "__file__", str(tmp_path / "site" / "flows" / "__init__.py"))
    assert told() == "no commit: installed as a package"  # the work tree around it is another's
    code.cache_clear()


def test_facts_name_the_python_and_the_packages() -> None:
    found = facts()
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in found["Python"]
    assert "numpy " in found["packages"] and "None" not in str(found)


def test_digests_of_sources_and_of_the_curated_set() -> None:
    files = [{"fingerprint": "f1"}, {"fingerprint": "f2"}]
    nodes = [
        Node("a 1/2", "ingest", "ran", with_sources("d1", files)),
        Node("a 2/2", "ingest", "cached", with_sources("d2", files[:1])),
        Node("match", "match", "ran", manifest("match", "d3")),
        Node("gather 0", "gather", "ran", manifest("gather", "d4")),
        Node("gather 1", "gather", "ran", manifest("gather", "of nothing", files=())),
        Node("gather 2", "gather", "failed"),
    ]
    assert digests(nodes) == {
        "source photos: files": ["f1", "f2"], "source photos: pairs": ["d1", "d2"], "curated set": ["d4"],
    }  # fmt: skip
    assert this_run(base(), "curate", nodes).digests == digests(nodes)
