"""The pages beside the code name files, functions and commands that exist, and agree with the package's metadata."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from flows.command import app
from tests.paths import ROOT

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", *(
    str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").glob("*.md"))
))]  # fmt: skip
TOP = r"(?:equipoise|flows|tasks|storage|configs|examples|benchmarks|tests|docs)"


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def code_spans(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = [match for span in code_spans(page) if (match := re.match(rf"{TOP}/[\w./-]*", span)) and "<" not in span]
    missing = {match.group() for match in named if not (ROOT / match.group()).exists()}
    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
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
              "evaluate_along"}  # fmt: skip
    stages = {
        f"{file.relative_to(ROOT)}: {node.name}"
        for file in (ROOT / "tasks").glob("*/task.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.decorator_list and node.name not in beside
        if not node.name.startswith("_") and file.parent.name != "studies"  # a context manager, say; no pipeline
    }
    assert {stage for stage in stages if f"`{stage}`" not in walk} == set()


def test_contributing_begins_with_ten_lines() -> None:
    short = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("\n## ")[0]
    assert [line[:3] for line in short.splitlines() if re.match(r"\d+\. ", line)][-1] == "10."
    assert len(short.splitlines()) <= 16


def test_every_command_of_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    commands |= {group.name for group in app.registered_groups}
    used = set(re.findall(r"^equipoise ([\w-]+)", text, re.MULTILINE))
    assert used and used <= commands
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    made = {target for page in PAGES for target in re.findall(r"`make (\w+)`", page.read_text(encoding="utf-8"))}
    assert made <= targets


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
