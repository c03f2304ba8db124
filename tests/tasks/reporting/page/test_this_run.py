"""What a run says of itself, on the page: all of it, escaped, and only where the page has a place for it."""

from dataclasses import replace

from tasks.checks import verdicts
from tasks.limits import Finding
from tasks.reporting.page.this_run import CHECKS, MOST_LINES, PLACE, ThisRun, with_checks, with_this_run

RUN = ThisRun(
    command="equipoise run 'a <b>.yaml'",
    again="equipoise run runs/x/experiment.yaml",
    facts={"Python": "CPython 3.11", "platform": "<i>Linux</i>"},
    digests={"source <u>": [f"{number:032x}" for number in range(11)], "curated set": ["f" * 32]},
    configuration="name: x\nsources:\n- kind: scenes\n  name: '<script>alert(1)</script>'\n  key: \u202eegnirts\n",
    path="runs/x/experiment.yaml",
)


def test_it_stands_in_its_place_and_nowhere_else() -> None:
    page = with_this_run(f"<p>before</p>{PLACE}<p>after</p>{PLACE}", RUN)
    assert page.startswith("<p>before</p>") and page.endswith(f"<p>after</p>{PLACE}")
    assert "equipoise run runs/x/experiment.yaml" in page and "CPython 3.11" in page and "f" * 32 in page
    assert with_this_run("<p>a page of before</p>", RUN) == "<p>a page of before</p>"


def test_everything_in_it_is_text() -> None:
    page = with_this_run(PLACE, RUN)
    assert not any(tag in page for tag in ("<script", "<i>", "<u>", "<b>", "\u202e"))
    assert "  name: &#39;&lt;script&gt;" in page  # indented as it was
    assert "⟨U+202E⟩" in page


def test_many_digests_and_long_configurations_are_cut_and_it_is_said() -> None:
    page = with_this_run(PLACE, RUN)
    assert f"{7:032x}" in page and f"{8:032x}" not in page and "and 3 more" in page
    long = replace(RUN, configuration="".join(f"- {number}\n" for number in range(MOST_LINES + 1_234)))
    page = with_this_run(PLACE, long)
    assert f"- {MOST_LINES - 1}\n" in page and f"- {MOST_LINES}\n" not in page and "1,234 more lines" in page


def test_the_checks_of_all_runs_stand_in_their_place_with_the_runs_that_failed() -> None:
    found = [("heads <b>, seed 1", "train_heads", Finding("training.norm", "warning", False, "0.0001 is <i>small</i>"))]
    found.append(("heads <b>, seed 2", "train_heads", Finding("training.norm", "warning", True, "1 is fine")))
    page = with_checks(f"<main>{CHECKS}</main>", verdicts(found))
    assert page.split()[:2] == ["<main>", "<section"] and "1 of 1 checks did not pass" in page
    assert "heads &lt;b&gt;, seed 1" in page and "seed 2" not in page and "<i>" not in page and "<b>" not in page
    assert with_checks(f"<main>{CHECKS}</main>", []) == f"<main>{CHECKS}</main>"
    assert with_checks("<main></main>", verdicts(found)) == "<main></main>"
