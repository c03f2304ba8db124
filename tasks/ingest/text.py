"""What is asked of a text before it is anything else: that UTF-8 can hold it, and that somebody can see it."""

import sys

import numpy as np
import regex

_UNSEEN = r"\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}\u2800"
"""Characters that leave no mark: space, control, and what Unicode says is shown as nothing.

Default_Ignorable_Code_Point (Unicode Standard, section 5.21) holds the zero-width characters, the soft hyphen, the
controls of direction, variation selectors, tags and the Hangul fillers. U+2800, Braille without a dot, is the one
character that is blank and has no such property.
"""

_VISIBLE = regex.compile(f"[^{_UNSEEN}]")


def is_unicode(text: str) -> bool:
    r"""Whether UTF-8 can hold the text: false for lone surrogates (undecodable bytes, or JSON's `\ud800`)."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def is_visible(text: str) -> bool:
    """Whether the text holds a character that can be seen; joiners and marks beside such a one do no harm."""
    return _VISIBLE.search(text) is not None


def invisible_characters() -> str:
    """Every character that cannot be seen, in the order of code points."""
    every = np.arange(sys.maxunicode + 1, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    return "".join(regex.findall(f"[{_UNSEEN}]+", every))


def printable(text: str) -> str:
    r"""Text that Arrow can hold: lone surrogates, which no UTF-8 has, become `\udcff` escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
