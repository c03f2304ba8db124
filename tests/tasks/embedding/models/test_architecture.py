"""Names of architectures and what images they take: known without importing open_clip, and as open_clip knows them."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from tasks.embedding.models.architecture import TINY, Architecture
from tests.paths import ROOT

NAMES = ("ViT-B-32", "ViT-B-16-quickgelu", "RN50", "ViT-B-16-SigLIP", "roberta-ViT-B-32", "ViT-Z", "../ViT-B-32", "")


def accepted(name: str) -> bool:
    try:
        Architecture(name=name)
    except ValidationError:
        return False
    return True


def test_files_say_the_same_as_open_clip_itself() -> None:
    """A process that has not imported open_clip reads its files, and does not import it for that."""
    program = (
        "import sys; from tests.tasks.embedding.models.test_architecture import NAMES, accepted\n"
        "assert 'open_clip' not in sys.modules\n"
        "print([accepted(name) for name in NAMES]); assert 'open_clip' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    import open_clip

    assert open_clip.get_model_config("ViT-B-32") is not None
    assert done.stdout.strip() == str([accepted(name) for name in NAMES])
    assert accepted("ViT-B-32") and not accepted("ViT-Z") and not accepted("ViT-B-16-SigLIP")


@pytest.mark.parametrize(
    ("name", "size", "fits"),
    [
        ("equipoise-tiny", 64, True),
        ("equipoise-tiny", 48, False),
        ("RN50", 224, True),
        ("RN50", 225, False),
        ("ViT-B-32", 32, True),
        ("ViT-B-32", 31, False),
        ("equipoise-tiny-vit", 8, True),
    ],
)
def test_images_must_fit_the_grid(name: str, size: int, fits: bool) -> None:
    if fits:
        assert Architecture(name=name, image_size=size).image_size == size
    else:
        with pytest.raises(ValidationError, match=r"multiple of 32|has none"):
            Architecture(name=name, image_size=size)


@pytest.mark.parametrize("name", TINY)
def test_unset_fields_take_the_models_own_values(name: str) -> None:
    assert Architecture(name=name).model_dump(exclude_defaults=True, exclude={"name"}) == {}
    assert Architecture(name=name, mean=(0, 0, 1), std=[1, 1, 2]).mean == (0.0, 0.0, 1.0)
