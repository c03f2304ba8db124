"""What is said of a source of tars."""

from tasks.ingest.sources.source import NO_IMAGES
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tasks.ingest.sources.webdataset.source import WEBDATASET


def test_whose_the_images_are_and_what_the_labels_are_called() -> None:
    config = WebdatasetConfig(name="w", path="w.tar", class_names=("cat", "dog"))
    assert WEBDATASET.images(config) == "the row's own"
    assert WEBDATASET.images(config.model_copy(update={"image": None})) == NO_IMAGES
    assert tuple(WEBDATASET.class_names(config, ())) == ("cat", "dog")
