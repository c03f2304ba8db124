"""What a table of titles says of itself before it is read."""

from pathlib import Path

import pytest

from tasks.ingest.sources.balance_csv.config import BalanceCsvConfig
from tasks.ingest.sources.balance_csv.source import BALANCE_CSV


@pytest.mark.parametrize(("images", "says"), [("flickr", "own"), ("class", "stand-ins"), ("none", "none")])
def test_whose_the_images_are(tmp_path: Path, images: str, says: str) -> None:
    source = BalanceCsvConfig(name="t", path=tmp_path / "t", images=images)  # type: ignore[arg-type]
    assert says in BALANCE_CSV.images(source)


def test_class_names_are_the_folders_in_order(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("title\tfilepath\nA\tn02/1.jpg\nB\tx/n01/2.jpg\nC\t3.jpg\n")
    assert BALANCE_CSV.class_names(BalanceCsvConfig(name="t", path=tmp_path / "t"), [tmp_path / "t"]) == ["n01", "n02"]
