"""MetaCLIP's spacing of a text, and the two ways to space: as MetaCLIP does, or with Unicode's idea of a word."""

import unicodedata

import numpy as np

from tasks.arrays import Bytes
from tasks.matching.spacing.characters import APOSTROPHES, BLANK, JOINER, WORD, WRAPPED, character_class

PUNCTUATION = ",.;:?!`"
BLANKS = "\t\n\r"

ORDINARY, SPACE, TOKEN = 0, 1, 2

_SPACING = {ord(mark): f" {mark} " for mark in PUNCTUATION} | {ord(blank): " " for blank in BLANKS}


def spacing(text: str) -> str:
    """Space a text as MetaCLIP does, exactly.

    Each of ``, . ; : ? ! ` `` gets a space on either side, tab, newline and carriage return become a space, and one
    space is put at each end. Nothing is collapsed: ``"a, b"`` becomes ``" a ,  b "``, with two spaces.

    Example:
        >>> from equipoise import spacing
        >>> spacing("a cat, sleeping")
        ' a cat ,  sleeping '
    """
    return f" {text} ".translate(_SPACING)


def byte_classes(*, wrap: bool) -> Bytes:
    """What each UTF-8 byte does to a text that is being split into tokens, uint8 `[256]`.

    `spacing(text)[1:-1].split(" ")` is a split at `SPACE` bytes where every `TOKEN` byte is a token by itself with
    a split before and after it. All the special characters are ASCII, so that bytes serve as well as characters.
    With `wrap=False` only the space itself splits: for text that was spaced before.
    """
    classes = np.full(256, ORDINARY, dtype=np.uint8)
    classes[ord(" ")] = SPACE
    if wrap:
        classes[[ord(blank) for blank in BLANKS]] = SPACE
        classes[[ord(mark) for mark in PUNCTUATION]] = TOKEN
    return classes


def spacing_unicode(text: str, *, fold_case: bool = False) -> str:
    """Space a text with Unicode's idea of punctuation and blanks; the readable twin of `unicode.space_unicode`.

    The text is composed (NFC), its case folded if asked for; every punctuation mark becomes a token by itself, except
    apostrophes and hyphens inside a word (typographic apostrophes there become plain ones); runs of blanks collapse;
    one space is put at each end. Spacing a spaced text again changes nothing.
    """
    if fold_case:
        text = unicodedata.normalize("NFD", text).casefold()
    text = unicodedata.normalize("NFC", text)
    kinds = [character_class(character) for character in text]
    pieces = []
    previous = BLANK
    for place, (character, kind) in enumerate(zip(text, kinds)):
        if kind == JOINER:
            inside = previous == WORD and place + 1 < len(text) and kinds[place + 1] == WORD
            kind = WORD if inside else WRAPPED
            if inside and character in APOSTROPHES:
                character = APOSTROPHES[0]
        pieces.append(" " if kind == BLANK else f" {character} " if kind == WRAPPED else character)
        previous = kind
    words = [word for word in "".join(pieces).split(" ") if word]
    return f" {' '.join(words)} " if words else " "
