"""The entries of one JSON list, one at a time and as `json` reads them: memory does not grow with the file."""

import codecs
import json
from collections.abc import Iterator
from json import JSONDecodeError
from typing import BinaryIO

from storage.errors import InputError
from storage.places.place import Place
from storage.places.read import open_binary

BYTES_AT_ONCE = 1 << 20
LONGEST_ENTRY = 64 << 20
"""Characters of an entry; whatever is longer is no entry of a list."""

_BLANK = " \t\r\n"


def json_entries(path: Place, what: str) -> Iterator[object]:
    """The entries of the list in a file, in order.

    Args:
        path: the file.
        what: what sentences call it.

    Raises:
        InputError: while iterating, where the file is not UTF-8, not JSON, or not a list.
    """
    with open_binary(path) as file:
        yield from _Reader(file, f"{what} {path}").entries()


class _Reader:
    """A window of text that moves along the file; an entry that does not end in it makes it longer."""

    def __init__(self, file: BinaryIO, called: str) -> None:
        self._file, self._called = file, called
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._decode = json.JSONDecoder().raw_decode
        self._text, self._at, self._read, self._lines, self._ended = "", 0, 0, 0, False

    def entries(self) -> Iterator[object]:
        first = self._next()
        if first != "[":
            self._fail_unless_list(first)
        self._at += 1
        if self._next() == "]":
            self._at += 1
        else:
            while True:
                yield self._entry()
                following = self._next()
                self._at += 1
                if following == "]":
                    break
                if following != ",":
                    self._at -= 1
                    raise self._not_json("Expecting ',' delimiter", self._at)
        if self._next():
            raise self._not_json("Extra data", self._at)

    def _next(self) -> str:
        """The next character that is not blank; none at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _entry(self) -> object:
        self._next()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except JSONDecodeError as error:
                if self._longer():
                    continue
                raise self._not_json(error.msg, error.pos) from None
            except ValueError:  # Python's bound of 4,300 digits
                raise InputError(f"{self._called} holds a number of thousands of digits: leave it out") from None
            except RecursionError:
                raise InputError(f"{self._called} is nested too deeply: it must be a flat JSON list") from None
            if len(self._text) - end <= 2 and self._longer():  # a number may go on: `1` of `1.5`, of `1e-5`
                continue
            self._at = end
            return value

    def _longer(self) -> bool:
        """Twice as much text from the entry on; False at the end of the file, or of patience."""
        wanted = max(BYTES_AT_ONCE, 2 * (len(self._text) - self._at))
        if self._ended or wanted > 2 * LONGEST_ENTRY:
            return False
        more = True
        while more and len(self._text) - self._at < wanted:
            more = self._more()
        return True

    def _more(self) -> bool:
        """Read on; what lies before the place is let go."""
        if self._ended:
            return False
        content = self._file.read(BYTES_AT_ONCE)
        pending = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(content, final=not content)
        except UnicodeDecodeError as error:
            at = self._read - pending + error.start
            raise InputError(f"{self._called} is not UTF-8 at byte {at}: save it as UTF-8") from None
        self._read += len(content)
        self._ended = not content
        self._lines += self._text.count("\n", 0, self._at)
        self._text, self._at = self._text[self._at :] + text, 0
        return not self._ended

    def _fail_unless_list(self, first: str) -> None:
        if first != "":
            value = self._entry()
            if self._next() == "":
                raise InputError(f"{self._called} holds a JSON {type(value).__name__}: it must be a list of entries")
        raise self._not_json("Expecting value", self._at)

    def _not_json(self, said: str, at: int) -> InputError:
        line = 1 + self._lines + self._text.count("\n", 0, at)
        return InputError(f"{self._called} is not JSON at line {line}: {said}")
