"""What people would write under the scenes: right, vague, wrong, or nothing but the camera's file name."""

from collections.abc import Sequence

from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.sources.scenes.sampling import LARGE, SMALL, RowDraws, Scene, concept_probabilities
from tasks.ingest.sources.scenes.vocabulary import COLOUR_NAMES, SHAPES, SYNONYMS

BOTH = ("{size}{colour} {shape}", "{size}{colour} {shape}", "{size}{shape} in {colour}")
WITH_SHAPE_ALONE = ("{size}{shape}",)
WITH_COLOUR_ALONE = ("{size}{colour} thing", "{size}{colour} shape", "{colour} one")
FRAMES = (
    "a {what}",
    "a {what}",
    "{what}",
    "{what}",
    "a photo of a {what}",
    "a picture of a {what}",
    "my {what}",
    "the {what}",
    "this is a {what}",
    "another {what}",
)
PAIR_FRAMES = (
    "a {what} and a {other}",
    "two shapes: {what}, {other}",
    "{what} next to a {other}",
    "{what} & {other}",
)
PLACES = (
    "at home",
    "in Lisbon",
    "by the lake",
    "on Sunday",
    "in the garden",
    "at the museum",
    "from my window",
)
TAILS = (
    "!",
    "...",
    " :)",
    ", 2007",
    " 012",
    " (detail)",
    ", best viewed large",
    " - new camera",
    " #3",
    ", untitled",
)
GROUNDS = {
    "plain": "on a plain background",
    "gradient": "in soft light",
    "noise": "on a grainy background",
    "stripes": "on a striped background",
}
CAMERA_NAMES = ("DSC_{n}", "IMG_{n}.jpg", "DSCF{n}", "P101{n}.JPG", "100_{n}", "img{n}")
NOTHING_NAMED = (
    "untitled",
    "holiday photo",
    "my new wallpaper",
    "for sale",
    "testing the new lens",
    "Sunday",
    "hello",
)


def scene_captions(config: ScenesConfig, rows: Sequence[int], scenes: Sequence[Scene]) -> list[str]:
    """One caption for each scene, `[n]`; like the scene, the caption of row i depends on the seed and i alone."""
    draws = RowDraws("scene", config.seed, rows)
    wrong = draws("wrong caption") < config.wrong_captions
    wrong_concept = draws.choice("wrong concept", concept_probabilities(config.exponent).ravel())
    nameless = draws("nameless caption") < config.nameless_captions
    partial = draws("partial caption") < config.partial_captions
    synonym = draws("synonym") < 0.1
    size_said = draws("size said") < 0.35
    size_words = list(zip(draws.pick("small word", ("small ", "tiny ")), draws.pick("large word", ("large ", "big "))))
    both, shape_alone, colour_alone = (
        draws.pick(name, options)
        for name, options in (("both", BOTH), ("shape", WITH_SHAPE_ALONE), ("colour", WITH_COLOUR_ALONE))
    )
    coin = draws("shape or colour") < 0.5
    frames, pair_frames = draws.pick("frame", FRAMES), draws.pick("pair frame", PAIR_FRAMES)
    places, tails = draws.pick("place", PLACES), draws.pick("tail", TAILS)
    placed, tailed, grounded = draws("placed") < 0.2, draws("tailed") < 0.25, draws("grounded") < 0.12
    nothing = draws.pick("nothing", NOTHING_NAMED)
    camera, camera_number = draws.pick("camera", CAMERA_NAMES), (draws("camera number") * 10_000).astype(int)
    letters = draws("letters")

    captions: list[str] = []
    for row, scene in enumerate(scenes):
        if nameless[row]:
            name = camera[row].format(n=f"{camera_number[row]:04d}")
            captions.append(name if coin[row] or letters[row] < 0.5 else nothing[row])
            continue
        main = scene.objects[0]
        shape, colour = main.shape, main.colour
        if wrong[row]:
            shape_index, colour_index = divmod(int(wrong_concept[row]), len(COLOUR_NAMES))
            shape, colour = SHAPES[shape_index], COLOUR_NAMES[colour_index]
        small, large = size_words[row]
        size = small if main.radius < SMALL else large if main.radius > LARGE else ""
        pattern = both[row] if not partial[row] else shape_alone[row] if coin[row] else colour_alone[row]
        what = _phrase(pattern, size if size_said[row] else "", shape, colour, bool(synonym[row]))
        if len(scene.objects) == 2:
            second = scene.objects[1]
            other = _phrase("{colour} {shape}", "", second.shape, second.colour, bool(synonym[row]))
            caption = pair_frames[row].format(what=what, other=other)
        else:
            caption = frames[row].format(what=what)
        for present, addition in ((grounded[row], GROUNDS[scene.background]), (placed[row], places[row])):
            caption += f" {addition}" if present else ""
        caption += tails[row] if tailed[row] else ""
        captions.append(_letters(caption, float(letters[row])))
    return captions


def _phrase(pattern: str, size: str, shape: str, colour: str, synonym: bool) -> str:
    if synonym:
        shape, colour = SYNONYMS.get(shape, shape), SYNONYMS.get(colour, colour)
    return pattern.format(size=size, shape=shape, colour=colour)


def _letters(caption: str, draw: float) -> str:
    """Mostly as written; some begin with a capital, a few shout, which keyword matching (it heeds case) cannot see."""
    if draw < 0.03:
        return caption.upper()
    return caption[0].upper() + caption[1:] if draw < 0.2 else caption
