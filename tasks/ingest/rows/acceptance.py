"""The rules that every row from files passes: a caption worth having, an image that can be read."""

from collections.abc import Callable

from tasks.ingest.pictures.images import LoadedImage, Unusable
from tasks.ingest.reasons import Reason
from tasks.ingest.rows.row import Pair, Rejection
from tasks.ingest.rules import FileRules
from tasks.ingest.text import is_unicode, is_visible


def caption_problem(caption: str | None, rules: FileRules) -> tuple[Reason, str] | None:
    """Why a caption is refused, or None: it must hold a visible character, be valid Unicode, and not be endless."""
    if caption is None:
        return "empty caption", "null"
    if not is_visible(caption):
        kind = "white space" if not caption.strip() else "nothing that can be seen"
        return "empty caption", f"{len(caption)} characters of {kind}"
    if len(caption) > rules.max_caption_characters:
        return "caption too long", f"{len(caption)} characters, at most {rules.max_caption_characters}"
    if not is_unicode(caption):
        return "invalid UTF-8", "the caption holds bytes that are not UTF-8, or a lone surrogate"
    return None


def accept(
    key: str,
    caption: str | None,
    rules: FileRules,
    *,
    image: Callable[[], LoadedImage | Unusable | None],
    label: int | None = None,
    where: str = "",
    captioned: bool = True,
) -> Pair | Rejection:
    """A pair if caption and image pass the rules, else the rejection, whose detail begins with `where`.

    `image` is called only once the caption is accepted, so that no file is read in vain; None from it means that
    the source has no image for this row by design. `captioned` false says the same of captions: it has an empty one.
    """
    prefix = f"{where}: " if where else ""
    if not is_unicode(key):
        return Rejection(key, "invalid UTF-8", "the key is not UTF-8; where it is a file's name, rename the file")
    problem = caption_problem(caption, rules) if captioned else None
    if problem is not None:
        return Rejection(key, problem[0], prefix + problem[1])
    caption = caption or ""
    if label is not None and not -(2**31) <= label < 2**31:
        return Rejection(key, "label out of range", f"{prefix}{label} does not fit in 32 bits")
    loaded = image()
    if isinstance(loaded, Unusable):
        if loaded.reason == "missing image" and rules.missing_images == "keep":
            return Pair(key, caption, None, None, label)
        return Rejection(key, loaded.reason, prefix + loaded.detail)
    if loaded is None:
        return Pair(key, caption, None, None, label)
    if loaded.reference is not None:
        return Pair(key, caption, None, loaded.reference, label)
    return Pair(key, caption, loaded.content, loaded.path, label)
