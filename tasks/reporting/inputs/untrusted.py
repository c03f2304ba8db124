"""Captions and keywords are other people's text: shown as they are, never obeyed.

Markup is escaped by the template. What escaping leaves alone is handled here: bidirectional overrides that would turn
the rest of a line round, control and other invisible characters, lone surrogates that are not UTF-8, and sheer length.
"""

import unicodedata

# Zero-width joiner and non-joiner: invisible, but spelling in many scripts and in emoji.
JOINERS = "\u200c\u200d"
CAPTION_LENGTH = 180
LABEL_LENGTH = 28


def displayed(text: str, limit: int = CAPTION_LENGTH) -> str:
    r"""`text` on one line, at most `limit` characters, with every invisible character but joiners spelled out.

    >>> displayed("left\u202eright")
    'left⟨U+202E⟩right'
    """
    # Cut before the work: a caption may be megabytes long. Twice the limit leaves room for white space to collapse.
    shown = "".join(_shown(character) for character in text[: 2 * limit + 2])
    shown = " ".join(shown.split())
    if len(shown) <= limit and len(text) <= 2 * limit + 2:
        return shown
    return shown[: limit - 1].rstrip() + "…"


def _shown(character: str) -> str:
    if character in JOINERS:
        return character
    if character.isspace():
        return " "
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return f"⟨U+{ord(character):04X}⟩"
    return character
