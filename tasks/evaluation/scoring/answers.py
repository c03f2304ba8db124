"""What a model answered on a benchmark, image by image."""

from dataclasses import dataclass

from tasks.arrays import Bools, Int64s


@dataclass(frozen=True)
class Classification:
    """Zero-shot answers, one row an image in the order of the shards.

    Attributes:
        label: [n] the true class.
        ranking: [n, min(5, c)] the best classes, best first.
        acc1: clip-benchmark's own top-1 accuracy of the same logits.
        acc5: its top-5 accuracy, None below five classes.
    """

    label: Int64s
    ranking: Int64s
    acc1: float
    acc5: float | None

    @property
    def prediction(self) -> Int64s:
        """[n] the best class of each image."""
        return self.ranking[:, 0]


@dataclass(frozen=True)
class Retrieval:
    """Whether each query found its counterpart among the first k.

    Attributes:
        image_of_text: [t] the image that each caption belongs to.
        found_image: by k, [t] whether a caption's image is among its k nearest images.
        found_text: by k, [n] whether one of an image's captions is among its k nearest captions.
        blank: captions of white space alone among those asked for.
    """

    image_of_text: Int64s
    found_image: dict[int, Bools]
    found_text: dict[int, Bools]
    blank: int = 0
