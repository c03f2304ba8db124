"""`diff`: causes are told from followers, and numbers that moved are listed with both values."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from flows.command import app
from flows.commands.reading import difference
from flows.commands.reading.difference import Moved, moved_numbers, stage_differences
from flows.config.pipeline import load_config
from flows.run import run_here
from storage.errors import InputError
from tests.flows.conftest import edit


def node(label: str, key: str, digest: str = "d", code: str = "c", **parameters: Any) -> dict[str, Any]:
    return {"label": label, "key": key, "digest": digest, "version": 1, "code": code, "parameters": parameters}


def test_causes_and_followers() -> None:
    before = [node("ingest", "1"), node("match", "2", code="old"), node("balance", "3", t=20), node("select", "4"),
              node("gone", "9"), node("curate", "5", matches=[{"stage": "match", "digest": "a"}])]  # fmt: skip
    after = [node("ingest", "1"), node("match", "2b", code="new"), node("balance", "3b", t=50),
             node("select", "4", "e"), node("new", "8"),
             node("curate", "5b", matches=[{"stage": "match", "digest": "b"}])]  # fmt: skip
    found = {each.label: each for each in stage_differences({"nodes": before}, {"nodes": after})}
    assert "ingest" not in found
    assert (found["match"].kind, found["match"].reasons) == ("changed", ("code changed",))
    assert found["balance"].reasons == ("parameter t 20 → 50",)
    assert (found["curate"].kind, found["curate"].reasons) == ("follows", ("input matches[0] changed",))
    assert found["select"].kind == "other bytes from the same key"
    assert (found["gone"].kind, found["new"].kind) == ("only in the first", "only in the second")


def test_failed_is_told_from_never_run_and_from_what_waited() -> None:
    lost = {"digest": "", "key": "x"}
    before = [node("train", "1"), node("report", "2"), node("gone", "3")]
    after = [node("train", "1") | lost | {"state": "failed", "stats": {"error": "no space"}},
             node("report", "2") | lost | {"state": "blocked"}]  # fmt: skip
    found = {each.label: (each.kind, each.reasons) for each in stage_differences({"nodes": before}, {"nodes": after})}
    assert found == {
        "train": ("failed", ("in the second: no space",)),
        "report": ("not reached", ("in the second it waited for one that failed",)),
        "gone": ("only in the first", ()),
    }


def test_numbers() -> None:
    def summary(mean: float, rows: int) -> dict[str, Any]:
        return {
            "curation": {"rows": {"Ingested": rows, "Matched": 5}},
            "variants": {"balanced": {"shape": {"mean": mean}}},
        }

    assert moved_numbers(summary(0.5, 10), summary(0.5, 10)) == []
    assert moved_numbers(summary(0.5, 10), summary(0.6, 12)) == [
        Moved("curation, rows, Ingested", 10, 12), Moved("variants, balanced, shape, mean", 0.5, 0.6)
    ]  # fmt: skip
    assert moved_numbers({}, summary(0.6, 12))[0] == Moved("curation, rows, Ingested", None, 12)


def test_two_real_runs(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = {"training": None, "evaluation": None, "encoder": None, "geometry": None}
    folders = []
    for t in (20, 30):
        folder = small.parent / f"t{t}"
        balancing = {"method": "rake", "target": {"kind": "capped", "t": t}, "steps": ["y"]}
        run_here(
            load_config(edit(small, **bare, balancing=balancing, output=str(folder))), "pipeline", lambda line: None
        )
        folders.append(str(folder))
    console = Console(record=True, width=200)
    monkeypatch.setattr(difference, "console", console)
    done = CliRunner().invoke(app, ["diff", *folders])
    assert done.exit_code == 0, done.output
    text = console.export_text()
    assert re.search(r"balance +changed +parameter config\.target\.t 20(\.0)? → 30", text), text
    lines = {line.split("  ")[0]: line for line in text.splitlines()}
    assert "follows" in lines["select 0"] and "ingest scenes 1/2" not in lines
    assert "curation, distances, realised, total_variation" in text
    assert "no headline number moved" not in text


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"lineage\.json does not exist"):
        difference.diff(tmp_path, tmp_path)
    (tmp_path / "lineage.json").write_text(json.dumps([1]))
    with pytest.raises(InputError, match="is not the lineage of a run"):
        difference.diff(tmp_path, tmp_path)
