"""What the members of a sample say: captions, label, key, and the fields of its JSON."""

from collections.abc import Mapping, Sequence

from tasks.ingest.sources.webdataset.config import FIELD, WebdatasetConfig
from tasks.ingest.tars.samples import Fault, Sample


def captions_of(
    sample: Sample, fields: Mapping[str, object], config: WebdatasetConfig
) -> Sequence[bytes] | bytes | Fault | None:
    """One caption as bytes, several as a list, why there are none, or None where there is none."""
    assert config.caption is not None
    if config.caption.startswith(FIELD):
        return _texts(fields.get(config.caption.removeprefix(FIELD)), config.caption)
    content = sample.parts.get(config.caption)
    if isinstance(content, bytes) and config.lines:
        return [line for line in content.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()]
    return content


def label_of(sample: Sample, fields: Mapping[str, object], config: WebdatasetConfig) -> int | Fault | None:
    """The label as a number; None where there is none."""
    assert config.label is not None
    if config.label.startswith(FIELD):
        value = fields.get(config.label.removeprefix(FIELD))
    else:
        content = sample.parts.get(config.label)
        value = content.decode("utf-8", "replace").strip() if isinstance(content, bytes) else content
    if value is None or isinstance(value, tuple):
        return value
    number = value if isinstance(value, int) and not isinstance(value, bool) else _whole(value)
    if number is None:
        return "malformed row", f"{config.label} is {str(value)[:60]!r}, no whole number"
    return number if -(2**63) <= number < 2**63 else ("label out of range", f"{number} does not fit in 32 bits")


def key_of(sample: Sample, fields: Mapping[str, object], config: WebdatasetConfig, tar: str) -> bytes | Fault:
    """The row's key: the source's own, the sample's, or that and the tar's."""
    if config.key is None or config.key == "sample":
        key: object = sample.key if config.key else f"{tar}:{sample.key}"
    else:
        key = fields.get(config.key.removeprefix(FIELD))
    if isinstance(key, int) and not isinstance(key, bool):
        key = str(key)
    if not isinstance(key, str) or not key:
        return "malformed row", f"{config.key} is {str(key)[:60]!r}, no key"
    try:
        return key.encode()
    except UnicodeEncodeError:
        return "invalid UTF-8", f"the key {key[:60]!r} is not UTF-8"


def _texts(value: object, name: str) -> Sequence[bytes] | bytes | Fault | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return [text.encode("utf-8", "surrogatepass") for text in value]
    return "malformed row", f"{name} is neither a text nor a list of texts"


def _whole(value: object) -> int | None:
    try:
        return int(value) if isinstance(value, str) and len(value) < 40 else None
    except ValueError:
        return None
