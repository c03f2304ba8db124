"""The rules of captions, labels and images, and what a rejection says."""

import pytest

from tasks.ingest.pictures.images import LoadedImage, Unusable
from tasks.ingest.reasons import Reason
from tasks.ingest.rows.acceptance import accept, caption_problem
from tasks.ingest.rows.row import Pair, Rejection
from tasks.ingest.rules import FileRules

RULES = FileRules(max_caption_characters=20)


@pytest.mark.parametrize(
    ("caption", "reason", "detail"),
    [
        (None, "empty caption", "null"),
        ("", "empty caption", "0 characters of white space"),
        (" \t\u3000", "empty caption", "3 characters of white space"),
        ("\u200b", "empty caption", "1 characters of nothing that can be seen"),
        (" \ufeff\u00ad\u3164", "empty caption", "4 characters of nothing that can be seen"),
        ("x" * 21, "caption too long", "21 characters, at most 20"),
        ("a\udcff", "invalid UTF-8", "the caption holds bytes that are not UTF-8, or a lone surrogate"),
    ],
)
def test_refused_captions_and_why(caption: str | None, reason: Reason, detail: str) -> None:
    assert caption_problem(caption, RULES) == (reason, detail)
    refused = accept("k", caption, RULES, image=lambda: pytest.fail("read in vain"), where="line 3")
    assert refused == Rejection("k", reason, f"line 3: {detail}")


@pytest.mark.parametrize("caption", ["x" * 20, "👩\u200d🚀", "می\u200cخواهم", " a ", "\ufeffa"])
def test_accepted_captions_stay_as_they_are(caption: str) -> None:
    assert accept("k", caption, RULES, image=lambda: None) == Pair("k", caption, None)


def test_pictures_alone_need_no_caption() -> None:
    image = LoadedImage(b"x", "a.jpg")
    assert accept("k", None, RULES, image=lambda: image, captioned=False) == Pair("k", "", b"x", "a.jpg")


@pytest.mark.parametrize(
    ("label", "fits"), [(-(2**31), True), (2**31 - 1, True), (2**31, False), (-(2**31) - 1, False)]
)
def test_labels_fit_in_32_bits(label: int, fits: bool) -> None:
    row = accept("k", "a", RULES, image=lambda: None, label=label)
    assert row == Pair("k", "a", None, label=label) if fits else isinstance(row, Rejection)


def test_a_missing_image_is_kept_only_where_that_is_asked_and_a_broken_one_never() -> None:
    keep = FileRules(missing_images="keep")
    missing, broken = Unusable("missing image", "a.jpg"), Unusable("unreadable image", "a.jpg")
    assert accept("k", "a", RULES, image=lambda: missing) == Rejection("k", "missing image", "a.jpg")
    assert accept("k", "a", keep, image=lambda: missing) == Pair("k", "a", None)
    assert accept("k", "a", keep, image=lambda: broken) == Rejection("k", "unreadable image", "a.jpg")
