"""What of a web address's query is secret, or of one signing: signatures, tokens, keys, and what they come with."""

import re
from urllib.parse import unquote

_SECRET = re.compile(
    r"x-(amz|goog|ms|oss|cos|obs)-.*|signature|awsaccesskeyid|googleaccessid|key-pair-id|policy|expires"
    r"|.*(token|secret|passw|credential|hmac|jwt).*|pwd|auth.*|(api|access|subscription)[-_]?key(id)?|hdne[as]|hdnts|sig",
    re.IGNORECASE,
)
"""Names of parameters of AWS, Google, Azure, CloudFront, Akamai and others, and of tokens of any kind."""
_OF_AZURE = frozenset({
    "sv", "ss", "srt", "sr", "st", "se", "sp", "spr", "sip", "skoid", "sktid", "skt", "ske", "sks", "skv", "sdd",
    "saoid", "suoid", "scid",
})  # fmt: skip
"""What accompanies Azure's `sig`, and says nothing of the content."""
_QUERY = re.compile(r"(?<=[?&])([^=&?#\s\"'<>]+)=([^&#\s\"'<>)\]]+)")


def divided(url: str) -> tuple[str, str]:
    """An address without what is secret in its query, and that, as it was written."""
    front, mark, query = url.partition("?")
    query, fragment_mark, fragment = query.partition("#")
    parts = [part for part in query.split("&") if part]
    names = [unquote(part.partition("=")[0]) for part in parts]
    azure = any(name.lower() == "sig" for name in names)
    hidden = [_is_secret(name, azure) for name in names]
    kept = "&".join(part for part, hide in zip(parts, hidden, strict=True) if not hide)
    secret = "&".join(part for part, hide in zip(parts, hidden, strict=True) if hide)
    return front + (f"?{kept}" if kept else "") + fragment_mark + fragment if mark else url, secret


def redacted(text: str) -> str:
    """A text, such as another library's message, with the secrets of every address in it as `…`."""
    return _QUERY.sub(lambda found: f"{found[1]}=…" if _is_secret(unquote(found[1]), True) else found[0], text)


def _is_secret(name: str, azure: bool) -> bool:
    return _SECRET.fullmatch(name) is not None or (azure and name.lower() in _OF_AZURE)
