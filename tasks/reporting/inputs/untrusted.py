"""Captions and keywords are other people's text: shown as they are, never obeyed.

Markup is escaped by the template. What escaping leaves alone is handled here: bidirectional overrides that would turn
the rest of a line round, control and other invisible characters, lone surrogates that are not UTF-8, and sheer length.
"""

import re
import unicodedata

# Zero-width joiner and non-joiner: invisible, but spelling in many scripts and in emoji.
JOINERS = "\u200c\u200d"
CAPTION_LENGTH = 180
LABEL_LENGTH = 28
_LIST = re.compile(r"^(\d*)([-+=]|[.)](?=\s|$))")  # what would begin a list, or underline a heading
_COLON = re.compile(r":(?=\S)")  # of an address, or of an emoji's name
_MARKS = frozenset("\\`*_[]|#~!$@{}^")


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


def legible(text: str, *, breaks: bool = True) -> str:
    r"""`text` whole, with what a terminal would obey spelled out: for names of files, of sources and of keywords.

    Line breaks and tabs stay, unless `breaks` is false.

    >>> legible("\x1b[31mred\u202e\n"), legible("a\nb", breaks=False)
    ('⟨U+001B⟩[31mred⟨U+202E⟩\n', 'a⟨U+000A⟩b')
    """
    if text.isprintable():
        return text
    kept = "\n\t " if breaks else " "
    return "".join(
        character if character in kept or character.isprintable() else _spelt(character) for character in text
    )


def markdown(text: str, limit: int = CAPTION_LENGTH) -> str:
    r"""`displayed`, with everything escaped that Markdown or HTML gives a meaning to, in a paragraph or a table's cell.

    Addresses are no links either, and an `@name` mentions nobody.

    >>> markdown("**bold** <b>")
    '\\*\\*bold\\*\\* &lt;b&gt;'
    """
    escaped = displayed(text, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = "".join(f"\\{character}" if character in _MARKS else character for character in escaped)
    escaped = _COLON.sub(r"\\:", escaped)
    escaped = _LIST.sub(r"\1\\\2", escaped)
    return escaped.replace("www.", "www\\.").replace("WWW.", "WWW\\.")


def _shown(character: str) -> str:
    if character in JOINERS:
        return character
    return " " if character.isspace() else _spelt(character)


def _spelt(character: str) -> str:
    if character in JOINERS:
        return character
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return f"⟨U+{ord(character):04X}⟩"
    return character
