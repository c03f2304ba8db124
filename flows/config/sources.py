"""What an experiment asks of its sources and they cannot give: images of captions alone, captions of images alone."""

from collections.abc import Iterable, Mapping

from flows.config.plans.screening import ScreeningPlan
from tasks.ingest.config import SourceConfig


def require_pictures(sources: Iterable[SourceConfig], wanted: Mapping[str, bool]) -> None:
    """Raise `ValueError` where something is wanted of images and no source has any.

    Args:
        sources: all of them.
        wanted: what needs images, by the field that asks for it, with whether it is asked for.
    """
    asking = [field for field, asked in wanted.items() if asked]
    listed = list(sources)
    if asking and not any(source.pictured for source in listed):
        raise ValueError(
            f"{asking[0]} needs images, and {_named(listed)} captions alone; name the images of a source, or set it to "
            "null"
        )


def require_captions(sources: Iterable[SourceConfig]) -> None:
    """Raise `ValueError` where no source has captions, in which keywords are looked for."""
    listed = list(sources)
    if not any(source.captioned for source in listed):
        raise ValueError(
            f"keywords are looked for in captions, and {_named(listed)} images alone; name the captions of a source, "
            "or set matching.kind to concepts"
        )


def pictures_for_screening(plan: ScreeningPlan | None) -> dict[str, bool]:
    """What of screening looks at images, by its field."""
    if plan is None:
        return {}
    same, leaks = plan.deduplicate, plan.leakage
    return {
        "screening.deduplicate.near": plan.near and plan.geometry.modality == "image",
        "screening.deduplicate.perceptual": same is not None and same.perceptual is not None,
        "screening.deduplicate.content: image": same is not None and same.content == "image",
        "screening.leakage": leaks is not None and leaks.modality == "image",
    }


def _named(sources: list[SourceConfig]) -> str:
    if len(sources) == 1:
        return f"the source {sources[0].name!r} brings"
    return f"all {len(sources)} sources bring"
