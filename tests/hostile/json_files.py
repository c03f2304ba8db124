"""JSON and JSON lines: cut short, nested deep, with numbers and keys that parsers disagree on."""

import gzip

from tasks.ingest.sources.imagenet_captions.config import ImageNetCaptionsConfig
from tasks.ingest.sources.jsonl.config import JsonLinesConfig
from tests.hostile.case import Case, Content, source

GOOD = b'{"caption": "sound"}\n'
SOUND, BOTH = ("sound",), ("sound", "it")
BAD = "malformed row"


def line(name: str, content: Content, taken: tuple[str, ...] = SOUND, *rejected: str, **options: object) -> Case:
    """A line after a sound one."""

    def whole() -> bytes:
        return GOOD + (content() if callable(content) else content)

    options = {"image_column": None} | options
    return Case("JSON lines", name, source(JsonLinesConfig, {"0.jsonl": whole}, **options), taken, rejected)


def file(name: str, content: bytes, taken: tuple[str, ...] = BOTH, error: str | None = None) -> Case:
    return Case("JSON lines", name, source(JsonLinesConfig, {"0.jsonl": content}, image_column=None), taken, (), error)


def listing(name: str, content: Content, taken: tuple[str, ...] = (), *rejected: str, error: str | None = None) -> Case:
    read = source(ImageNetCaptionsConfig, {"list.json": content}, "list.json")
    return Case("A JSON list", name, read, taken, rejected, error)


IT = b'{"filename": "a.jpg", "wnid": "n1", "title": "it"'

CASES = (
    line("cut short", b'{"caption": "it', SOUND, BAD),
    line("brackets 100,000 deep where a caption belongs", b'{"caption": ' + b"[" * 100_000 + b"}", SOUND, BAD),
    line(
        "brackets 100,000 deep in another field, closed",
        b'{"n": ' + b"[" * 100_000 + b"]" * 100_000 + b', "caption": "it"}',
        BOTH,
    ),
    line("objects 100,000 deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, SOUND, "empty caption"),
    line("brackets 200 deep in another field", b'{"n": ' + b"[" * 200 + b"]" * 200 + b', "caption": "it"}', BOTH),
    line("NaN in another field", b'{"n": NaN, "caption": "it"}', BOTH),
    line("a number of 5,000 digits", b'{"n": ' + b"9" * 5_000 + b', "caption": "it"}', BOTH),
    line("1e999", b'{"n": 1e999, "caption": "it"}', SOUND, BAD),
    line("a caption twice", b'{"caption": "no", "caption": "it"}', SOUND, BAD),
    line("a caption that is a number", b'{"caption": 1}', SOUND, BAD),
    line("a caption that is an object", b'{"caption": {"text": "it"}}', SOUND, BAD),
    line("a caption that is null", b'{"caption": null}', SOUND, "empty caption"),
    line("no caption", b"{}", SOUND, "empty caption"),
    line("a list of captions", b'{"caption": ["it", "too"]}', (*SOUND, "it", "too")),
    line("a list with a number in it", b'{"caption": ["it", 1]}', SOUND, BAD),
    line("an escaped NUL", b'{"caption": "a\\u0000b"}', (*SOUND, "a\0b")),
    line("a bare NUL", b'{"caption": "a\0b"}', SOUND, BAD),
    line("a lone surrogate, escaped", b'{"caption": "\\ud800"}', SOUND, BAD),
    line("an escape that is none", b'{"caption": "\\x41"}', SOUND, BAD),
    line("Latin-1", b'{"caption": "caf\xe9"}', SOUND, "invalid UTF-8"),
    line("two objects on a line", b'{"caption": "it"}{"caption": "it"}', SOUND, BAD),
    line("an array", b'["it"]', SOUND, BAD),
    line("single quotes", b"{'caption': 'it'}", SOUND, BAD),
    line("a comment", b"// it\n", SOUND, BAD),
    line("a comma after the last field", b'{"caption": "it",}', SOUND, BAD),
    line("blank lines", b'\n  \n{"caption": "it"}\n\n', BOTH),
    line("a caption of 10 MB", lambda: b'{"caption": "' + b"x" * 10_000_000 + b'"}', SOUND, "caption too long"),
    line("a label of 400 digits", b'{"caption": "it", "label": ' + b"9" * 400 + b"}", SOUND, BAD, label_column="label"),
    line("a label that is true", b'{"caption": "it", "label": true}', SOUND, BAD, label_column="label"),
    line(
        "an image path ../secret",
        b'{"caption": "it", "image": "../secret"}',
        (),
        "missing image",
        "path escapes the image folder",
        image_column="image",
    ),
    line(
        "an image path with a NUL",
        b'{"caption": "it", "image": "a\\u0000.jpg"}',
        (),
        "missing image",
        "missing image",
        image_column="image",
    ),
    line(
        "an image path of 100,000 letters",
        b'{"caption": "it", "image": "' + b"x" * 100_000 + b'"}',
        (),
        "missing image",
        "missing image",
        image_column="image",
    ),
    line(
        "a device as an image path",
        b'{"caption": "it", "image": "/dev/zero"}',
        (),
        "missing image",
        "path escapes the image folder",
        image_column="image",
    ),
    line(
        "a keyword of Python's: __proto__, __class__",
        b'{"__proto__": {"a": 1}, "__class__": "os", "caption": "it"}',
        BOTH,
    ),
    file("a byte order mark", b"\xef\xbb\xbf" + GOOD + b'{"caption": "it"}'),
    file("UTF-16", '\ufeff{"caption": "sound"}\r\n{"caption": "it"}'.encode("utf-16-le")),
    file("CR alone at line ends", GOOD.replace(b"\n", b"\r") + b'{"caption": "it"}\r'),
    file("packed by gzip", gzip.compress(GOOD + b'{"caption": "it"}')),
    file("packed by gzip and cut", gzip.compress(GOOD * 99)[:-12], (), "cannot be unpacked"),
    file("UTF-16 that ends within a character", b"\xff\xfe{\0}\0\n\0\x00\xd8a", (), "begins as UTF-16"),
    file("no bytes", b"", ()),
    listing("a sound entry, and one that is a number", b"[" + IT + b"}, 1]", ("it",), BAD),
    listing("one file name twice", b"[" + IT + b"}," + IT + b"}]", ("it",), "duplicate key"),
    listing("a key twice: the last counts", b"[" + IT.replace(b'"it"', b'"no"') + b', "title": "it"}]', ("it",)),
    listing("NaN in another field", b"[" + IT + b', "n": NaN}]', ("it",)),
    listing("a lone surrogate", b"[" + IT.replace(b'"it"', b'"\\ud800"') + b"}]", (), "invalid UTF-8"),
    listing("a list in the place of a title", b"[" + IT.replace(b'"it"', b'[["it"]]') + b"}]", (), BAD),
    listing("cut short", b"[" + IT, error="is not JSON"),
    listing("brackets 100,000 deep", b"[" * 100_000, error="nested too deeply"),
    listing("a number of 5,000 digits", b"[" + IT + b', "n": ' + b"9" * 5_000 + b"}]", error="number"),
    listing("an object", b"{}", error="must be a list"),
    listing("Latin-1", b'["caf\xe9"]', error="is not UTF-8"),
    listing("no bytes", b"", error="is not JSON"),
)
