"""The pages beside the code name files, functions and commands that exist, and agree with the package's metadata."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest
import typer
import yaml
from pydantic import TypeAdapter

import equipoise
from flows.command import app
from flows.config.pipeline import PipelineConfig, load_experiment
from flows.config.strict_yaml import read_yaml
from tasks.balancing.config import Target
from tasks.ingest.config import SourceConfig
from tasks.matching.config import Source
from tests.paths import ROOT

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", *(
    str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").rglob("*.md"))
))]  # fmt: skip
TOP = r"(?:equipoise|flows|tasks|storage|configs|examples|benchmarks|tests|docs)"


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def code_spans(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = [match for span in code_spans(page) if (match := re.match(rf"{TOP}/[\w./-]*", span)) and "<" not in span]
    missing = {match.group() for match in named if not (ROOT / match.group()).exists()}
    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_function_that_a_page_names_is_defined_in_the_file_it_names(page: Path) -> None:
    named = [match.groups() for span in code_spans(page) if (match := re.fullmatch(r"([\w/]+\.py): (\w+)", span))]
    missing = {
        (file, name)
        for file, name in named
        if name not in {getattr(node, "name", None) for node in ast.parse((ROOT / file).read_text("utf-8")).body}
    }
    assert missing == set()


def test_the_walk_names_every_stage_of_the_pipeline() -> None:
    walk = (ROOT / "docs" / "walk.md").read_text(encoding="utf-8")
    beside = {"benchmark", "benchmark_images", "concepts", "probe", "selfsupervise", "selfsupervised_report",
              "evaluate_along", "evaluate_encoded", "probe_encoded", "import_heads"}  # fmt: skip
    stages = {
        f"{file.relative_to(ROOT)}: {node.name}"
        for file in (ROOT / "tasks").glob("*/task.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.decorator_list and node.name not in beside
        if not node.name.startswith("_")  # a context manager, say
    }
    assert {stage for stage in stages if f"`{stage}`" not in walk} == set()


def test_contributing_begins_with_ten_lines() -> None:
    short = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("\n## ")[0]
    assert [line[:3] for line in short.splitlines() if re.match(r"\d+\. ", line)][-1] == "10."
    assert len(short.splitlines()) <= 16


def fences(page: Path, language: str) -> list[str]:
    """The blocks of a page that are fenced as a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def command_lines(page: Path) -> Iterator[str]:
    """Every call that a page shows, without comments and prompts, in one line each."""
    for block in fences(page, "sh"):
        yield from block.replace("\\\n", " ").splitlines()
    yield from (span for span in code_spans(page) if span.startswith(("equipoise ", "python -m ", "pip install ")))


def words(line: str) -> list[str]:
    """As a shell splits it; an ellipsis stands for what the reader knows."""
    return [word for word in shlex.split(line, comments=True) if word not in ("…", "\\")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_a_page_shows_is_understood(page: Path) -> None:
    program = typer.main.get_command(app)
    extras = project()["optional-dependencies"].keys()
    for line in command_lines(page):
        match words(line):
            case ["equipoise", *given]:
                command, context = program, click.Context(program)
                while isinstance(command, click.Group) and given and not given[0].startswith("-"):
                    name, *given = given
                    assert name in command.commands, f"{line}: there is no {name}"
                    command = command.commands[name]
                    context = click.Context(command, info_name=name, parent=context)
                if not command.context_settings.get("ignore_unknown_options"):
                    command.make_parser(context).parse_args([word for word in given if word != "--help"])
            case ["python", "-m", module, *_] if module.split(".")[0] in ("tasks", "flows", "benchmarks", "tests"):
                assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file(), line
            case ["python", script, *_] if script.endswith(".py"):
                assert (ROOT / script).is_file(), line
            case ["pip", "install", what] if "[" in what:
                assert set(re.findall(r"\w+", what.partition("[")[2])) <= extras, line


def test_every_target_of_make_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert set(re.findall(r"`make (\w+)`|^make (\w+)", text, re.MULTILINE)) <= {
        pair for target in targets for pair in ((target, ""), ("", target))
    }


SOURCES = [
    {"kind": "scenes", "rows": 10},
    {"kind": "table", "name": "scored", "path": "a.csv", "scores": ["similarity", "aesthetic"]},
]
BASE = {
    "name": "page",
    "sources": SOURCES,
    "metadata": {"sources": [{"kind": "entries", "entries": ["red"]}]},
    "training": {"settings": {"steps": 1, "batch": 8}},
    "evaluation": {"benchmarks": [{"name": "shape"}]},
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_configuration_that_a_page_shows_is_taken(page: Path, tmp_path: Path) -> None:
    """A whole one as it is, a section beside sections that it needs."""
    for block in fences(page, "yaml"):
        (tmp_path / "page.yaml").write_text(block, encoding="utf-8")
        shown = read_yaml(tmp_path / "page.yaml").values
        if "study" in shown:
            load_experiment(tmp_path / "page.yaml")
            continue
        if "name" not in shown and "sources" in shown:
            shown["sources"] = [*SOURCES, *shown["sources"]]
        PipelineConfig.model_validate(shown if "name" in shown else BASE | shown)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_source_list_and_target_that_a_page_shows_is_taken(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "target.csv").write_text("text,target\nred,1\n")
    unions = {kind: union for union in (SourceConfig, Source, Target) for kind in kinds(union)}
    for span in code_spans(page):
        if span.startswith("{kind: "):
            shown = yaml.safe_load(span)
            if shown["kind"] == "auto":  # becomes one of the others when it is looked at
                continue
            TypeAdapter(unions[shown["kind"]]).validate_python(shown)
        elif span.startswith("{method: "):
            PipelineConfig.model_validate(BASE | {"balancing": yaml.safe_load(span)})


def kinds(union: object) -> set[str]:
    """The names by which a union of configurations tells its members apart."""
    return {member.model_fields["kind"].default for member in get_args(get_args(union)[0])}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_name_that_a_program_takes_from_the_face_is_there(page: Path) -> None:
    for block in fences(page, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module == "equipoise":
                assert {name.name for name in node.names} <= set(equipoise.__all__)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "equipoise":
                assert node.attr in equipoise.__all__


def test_the_automations_of_the_page_about_schedules_are_prefects() -> None:
    from prefect.events.schemas.automations import AutomationCore

    (block,) = fences(ROOT / "docs" / "how-to" / "schedule.md", "yml")
    for shown in yaml.safe_load(block)["automations"]:
        AutomationCore.model_validate(shown)


def test_the_programs_of_the_page_about_losses_run() -> None:
    for block in fences(ROOT / "docs" / "how-to" / "losses.md", "python"):
        exec(compile(block, "losses.md", "exec"), {})


def messages() -> Iterator[str]:
    """A pattern for every text in the source that names something, and for those that are raised as they are."""
    for top in ("equipoise", "flows", "tasks", "storage"):
        for file in (ROOT / top).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    parts = [node.value]
                else:
                    continue
                if sum(len(part or "") for part in parts) > 20:
                    yield "".join(".*" if part is None else re.escape(str(part)) for part in parts)


def test_every_message_that_the_page_of_errors_explains_is_in_the_source() -> None:
    text = (ROOT / "docs" / "faq.md").read_text(encoding="utf-8")
    asked = [line.strip().strip("`").strip() for line in re.findall(r"^### (.+)$", text, re.MULTILINE)]
    known = [re.compile(pattern, re.DOTALL) for pattern in messages()]
    # a heading in one pair of backticks may begin or end with a backtick of its own
    unknown = [line for line in asked if not any(p.search(f"`{line}`") for p in known)]
    assert len(asked) >= 25 and unknown == []


def test_the_citation_agrees_with_the_metadata() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors", "version", "license", "references"} <= citation.keys()
    assert citation["version"] == project()["version"]
    assert citation["license"] == project()["license"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in project()["authors"]]
    papers = {paper["identifiers"][0]["value"] for paper in citation["references"]}
    assert papers == {"arXiv:2408.15065", "arXiv:2510.23484"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(paper.removeprefix("arXiv:") in readme for paper in papers)


def test_the_licence_is_the_one_that_the_metadata_name() -> None:
    assert project()["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text and "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text


def test_the_changelog_knows_this_version() -> None:
    assert f"## [{project()['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_commit_hook_is_make_lint() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]
    assert [hook["entry"] for hook in hooks[0]["hooks"]] == ["make lint"]
