"""Why a row is not ingested: the fixed reasons that the table of rejected rows knows."""

from typing import Literal

TO_UTF_8 = "convert it first, as by `iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW`"
"""What to do with texts in an encoding of before Unicode."""

Reason = Literal[
    "caption too long",
    "damaged archive",
    "duplicate key",
    "empty caption",
    "image file too large",
    "invalid UTF-8",
    "label out of range",
    "malformed row",
    "missing image",
    "not downloaded",
    "not in the tables",
    "path escapes the image folder",
    "too many pixels",
    "unreadable image",
    "unsafe member",
]
