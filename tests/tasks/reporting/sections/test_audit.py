"""What a real audit of a list says in the report."""

import json

import polars as pl

from tasks.matching.matcher import KeywordMatcher
from tasks.reporting.sections.audit import SHOWN, audit_groups, read_audit


def test_the_report_names_the_character_that_kills_and_the_entry_that_is_repeated() -> None:
    matcher = KeywordMatcher(["cat", "U.S.A.", "a\tb", "cat", ""])
    groups = audit_groups(json.loads(json.dumps(matcher.audit().as_json())))
    assert [(group.total, dict(group.entries)) for group in groups] == [
        (
            3,
            {
                "U.S.A.": "'.': spacing puts a space on either side of it",
                "a\tb": "'\\t': spacing turns this blank into a space",
                "(empty)": "it is empty: it occurs wherever spacing leaves two blanks",
            },
        ),
        (1, {"cat": 'the same as entry 0, "cat"'}),
    ]


def test_the_report_names_entries_that_folding_makes_equal() -> None:
    matcher = KeywordMatcher(["Cat", "cat"], "unicode", fold_case=True)
    (group,) = audit_groups(matcher.audit().as_json())
    assert group.title.startswith("Shadowed")
    assert group.entries == (("cat", 'the same as entry 0, "Cat"'),)


def test_keywords_are_counted_by_kind() -> None:
    entries = pl.DataFrame({"status": ["live", "live", "dead", "shadowed"], "count": [3, None, 0, 0]})
    found = read_audit(entries, {"dead": [{"text": "", "fault": "empty"}] * 20})
    assert found.keywords == {
        "entries": 4, "live": 2, "dead": 1, "duplicate": 0, "shadowed": 1, "live but found in no caption": 1
    }  # fmt: skip
    (group,) = found.groups
    assert group.total == 20 and len(group.entries) == SHOWN and group.entries[0] == ("(empty)", "empty")


def test_a_list_without_faults_has_no_group() -> None:
    assert read_audit(pl.DataFrame({"status": ["live"], "count": [1]}), {"dead": [], "duplicates": []}).groups == ()
