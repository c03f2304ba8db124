"""What a real audit of a list says in the report."""

import json

from tasks.matching.matcher import KeywordMatcher
from tasks.reporting.sections.audit import audit_groups


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
