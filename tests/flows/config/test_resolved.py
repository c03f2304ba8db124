"""A configuration written out reads as an equal one, whatever its texts look like."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.config.pipeline import PipelineConfig, load_experiment
from flows.config.resolved import as_yaml, resolved_path, resolved_yaml
from flows.config.strict_yaml import read_yaml
from storage.errors import InputError
from tasks.matching.config import MetadataConfig
from tests.paths import ROOT

CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
LOOKALIKES = (
    "1e-3", "1E5", "no", "on", "~", "", "null", "010", "0x1F", "1_000", ".5", ".inf", "2026-11-26", "<<", "=", "a: b",
    "- a", "# a", "a #b", "'", '"', "\\", "*a", "&a", "!!str", "%a", "@a", "`", " a ", "a\nb", "a\u2028b", "\x00",
    "\ufeff", "é", "𝕏", "\u202e", "x" * 500, "long " * 60, "true", "Yes", "12:30:45", "|", ">", "{a}", "[a]", "?", "\t",
    "---", "...",
)  # fmt: skip


def base() -> PipelineConfig:
    return PipelineConfig.model_validate(
        {
            "name": "small",
            "sources": [{"kind": "scenes", "rows": 10}],
            "metadata": {"sources": [{"kind": "entries", "entries": ["a"]}]},
        }
    )


def with_entries(*entries: str) -> PipelineConfig:
    lists = MetadataConfig.model_validate({"sources": [{"kind": "entries", "entries": list(entries)}]})
    return base().model_copy(update={"metadata": lists})


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_example_comes_back_equal(path: Path, tmp_path: Path) -> None:
    config = load_experiment(path)
    written = tmp_path / "other-name.yaml"
    written.write_text(resolved_yaml(config, "equipoise run x"), encoding="utf-8")
    again = load_experiment(written)
    assert again == config
    assert again.computes() == config.computes()
    assert set(yaml.safe_load(written.read_text(encoding="utf-8"))) == set(type(config).model_fields)  # all of them


def test_texts_that_look_like_something_else_stay_texts(tmp_path: Path) -> None:
    config = with_entries(*LOOKALIKES)
    written = tmp_path / "x.yaml"
    text = resolved_yaml(config, "x")
    written.write_text(text, encoding="utf-8")
    assert load_experiment(written) == config
    assert yaml.safe_load(text)["metadata"]["sources"][0]["entries"] == list(LOOKALIKES)  # readers of YAML 1.1 too


@given(text=st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
@settings(deadline=None)
def test_any_text_comes_back(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    written = tmp_path_factory.getbasetemp() / "any.yaml"
    written.write_text(as_yaml({"text": text, "texts": [text]}), encoding="utf-8", newline="")
    assert read_yaml(written).values == {"text": text, "texts": [text]}


def test_no_command_can_leave_its_comment(tmp_path: Path) -> None:
    config = base()
    written = tmp_path / "x.yaml"
    written.write_text(resolved_yaml(config, "equipoise run 'a\nname: other'"), encoding="utf-8")
    assert load_experiment(written).name == "small"


def test_it_lies_beside_the_report() -> None:
    assert resolved_path(base()) == Path("runs/small/experiment.yaml")


def test_what_is_no_configuration_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(resolved_yaml(base(), "x") + "extra: 1\n", encoding="utf-8")
    with pytest.raises(InputError, match="extra"):
        load_experiment(tmp_path / "x.yaml")
