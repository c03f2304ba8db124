"""The union of lists, and the table of entries."""

from tasks.matching.lists.metadata import entries_table, unite
from tasks.matching.matcher import KeywordMatcher


def test_union_keeps_order_and_says_where_from() -> None:
    entries, provenance = unite(
        [("wordnet", ["cat", "dog"]), ("json", ["dog", "bird"]), ("text", ["cat", "bird", "owl"])]
    )
    assert entries == ["cat", "dog", "bird", "owl"]
    assert provenance == ["wordnet+text", "wordnet+json", "json+text", "text"]


def test_one_list_keeps_its_numbering() -> None:
    entries, provenance = unite([("json", ["cat", "", "cat"])])
    assert entries == ["cat", "", "cat"]
    assert provenance == ["json"] * 3


def test_repetitions_share_later_provenance() -> None:
    assert unite([("json", ["cat", "cat"]), ("text", ["cat", "cat"])])[1] == ["json+text", "json+text"]


def test_limit_cuts_entries_not_provenance() -> None:
    assert unite([("a", ["x", "y"]), ("b", ["z", "x"])], limit=2) == (["x", "y"], ["a+b", "a"])


def test_status_and_schema() -> None:
    entries = ["cat", "U.S.A.", "cat", "", "a , b"]
    table = entries_table(entries, ["json"] * 5, KeywordMatcher(entries).audit())
    assert table["status"].to_pylist() == ["live", "dead", "duplicate", "dead", "live"]
    assert table["entry"].to_pylist() == [0, 1, 2, 3, 4]
    assert table["fault"].to_pylist() == [
        None,
        "'.': spacing puts a space on either side of it",
        'the same as entry 0, "cat"',
        "it is empty: it occurs wherever spacing leaves two blanks",
        "',': spacing adds a space to each one written here; it is found where the mark stands without spaces, "
        'as in "a,b"',
    ]
    assert table["count"].null_count == 5


def test_shadowed_entries_are_told_from_repeated_ones() -> None:
    entries = ["cat", "Cat", "cat"]
    table = entries_table(entries, ["json"] * 3, KeywordMatcher(entries, "unicode", fold_case=True).audit())
    assert table["status"].to_pylist() == ["live", "shadowed", "duplicate"]
    assert table["fault"].to_pylist()[1] == 'the same as entry 0, "cat"'
