"""What a transform does to the shorter side, told without running it, and found by running it."""

import pytest
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, Normalize, Resize, ToTensor

from tasks.embedding.models.architecture import Architecture
from tasks.embedding.models.clip import build_clip
from tasks.embedding.pictures.resizing import resized_side


@pytest.mark.parametrize(
    ("mode", "size", "side"),
    [("shortest", 32, 32), ("shortest", (32, 48), 48), ("longest", 32, None), ("squash", 32, None)],
)
def test_open_clips_pipelines(mode: str, size: int | tuple[int, int], side: int | None) -> None:
    steps = image_transform_v2(PreprocessCfg(size=size, resize_mode=mode), is_train=False).transforms
    assert resized_side(steps) == side
    longest = max(steps[0](Image.new("RGB", (128, 2_560))).size)
    assert longest == (32 if side is None else 20 * side)  # what it means


def test_torchvisions_own() -> None:
    assert resized_side([Resize([40]), CenterCrop(32)]) == 40
    assert resized_side([Resize(40, max_size=80), ToTensor()]) is None
    assert resized_side(Compose([ToTensor(), Normalize((0,), (1,))]).transforms) is None


def test_the_models_here() -> None:
    assert resized_side(build_clip(Architecture(), seed=0).transform.transforms) == 32  # type: ignore[attr-defined]
