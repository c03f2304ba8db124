"""Captions that mean something to a browser, a terminal, a spreadsheet or a parser: data here, and nothing else."""

import io
import json
import struct

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.jsonl.config import JsonLinesConfig
from tasks.ingest.sources.table.config import TableConfig
from tests.hostile.case import Case, source


def written(table: pa.Table, **options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def kept(name: str, text: str) -> tuple[Case, ...]:
    """A caption that is taken as it is, to the character, from each of three kinds of file."""
    quoted = '"' + text.replace('"', '""') + '"'
    alone = {"image_column": None}
    files = {
        "Parquet": source(HuggingFaceParquetConfig, {"0.parquet": written(pa.table({"caption": [text]}))}, **alone),
        "JSON lines": source(JsonLinesConfig, {"0.jsonl": json.dumps({"caption": text}).encode()}, **alone),
        "CSV": source(TableConfig, {"0.csv": f"caption,n\n{quoted},1\n".encode()}, **alone),
    }
    return tuple(Case("Captions", f"{name} ({file})", read, (text,)) for file, read in files.items())


def refused(name: str, text: bytes, reason: str) -> Case:
    offsets = struct.pack("<qq", 0, len(text))
    column = pa.Array.from_buffers(pa.large_string(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(text)])
    held = written(pa.table({"caption": column}))
    return Case(
        "Captions", name, source(HuggingFaceParquetConfig, {"0.parquet": held}, image_column=None), (), (reason,)
    )


CASES = (
    *kept("a NUL in the middle", "before\0after"),
    *kept("a bidirectional override", "left\u202eright"),
    *kept("a script element", "<script>alert(1)</script>"),
    *kept("an image with a handler", '"><img src=x onerror=alert(1)>'),
    *kept("a Markdown link to javascript:", "[click](javascript:alert(1)) ![x](//h/x) | `a` |"),
    *kept("a Mermaid directive", '%%{init: {"securityLevel": "loose"}}%%\ngraph TD; A-->B; click A call alert()'),
    *kept("ANSI escapes that clear a terminal", "\x1b[2J\x1b]0;title\x07red"),
    *kept("a formula of a spreadsheet", '=HYPERLINK("//h","x")'),
    *kept("a formula that starts a program", "@SUM(1)+cmd|' /C calc'!A0"),
    *kept("a template's braces", "{{ 7*7 }} ${7*7} {c.__class__} %s %n"),
    *kept("SQL", "'); DROP TABLE pairs;--"),
    *kept("a thousand combining marks", "e" + "\u0301" * 1_000),
    *kept("noncharacters and private use", "a\ufffe\uffff\ue000\U0010ffff"),
    *kept("a byte order mark inside", "a\ufeffb"),
    *kept("line and paragraph separators", "a\u2028b\u2029c\x85d\x0be\x0cf"),
    *kept("NA, which is a text", "NA"),
    *kept("null, which is a text", "null"),
    *kept("a number", "1e999"),
    refused("10 MB", b"x" * 10_000_000, "caption too long"),
    refused("10,001 characters, one too many", b"x" * 10_001, "caption too long"),
    refused("nothing", b"", "empty caption"),
    refused("white space", " \t\n\u3000".encode(), "empty caption"),
    refused("U+200B alone", "\u200b\u200b".encode(), "empty caption"),
    refused("a bidirectional override alone", "\u202e".encode(), "empty caption"),
    refused("a byte order mark alone", "\ufeff".encode(), "empty caption"),
    refused("a lone surrogate", b"a\xed\xa0\x80b", "invalid UTF-8"),
    refused("Latin-1", b"caf\xe9", "invalid UTF-8"),
    refused("an overlong slash", b"..\xc0\xafetc", "invalid UTF-8"),
    refused("a code point beyond Unicode", b"a\xf4\x90\x80\x80", "invalid UTF-8"),
    refused("a character cut in half", "é".encode()[:1], "invalid UTF-8"),
)
