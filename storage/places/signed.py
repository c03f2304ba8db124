"""Web addresses that carry a signature or a token in their query: it is sent, and never shown or written.

`str(place)`, its name, and all that is made of them (sentences, keys of rows, manifests, lineage, reports, the written
configuration) have the address without what is secret in it; only `place.path`, which goes to the server, is whole. So
a renewed signature is the same source, too, and what was cached stays.
"""

from __future__ import annotations

from typing import Any, Self

from upath.implementations.http import HTTPPath

from storage.places.secrets import divided


class SignedPath(HTTPPath):
    """A web address, its secret aside; parents and children carry the same secret."""

    __slots__ = ("_secret",)

    def __new__(cls, *args: Any, **options: Any) -> Self:  # noqa: ANN401  upath's own would make its class of the protocol
        """An address without a secret so far; `of` makes one from a text."""
        return object.__new__(cls)

    @classmethod
    def of(cls, url: str, **options: Any) -> Self:  # noqa: ANN401  fsspec's own
        """From an address as its owner gave it."""
        shown, secret = divided(url)
        return cls(shown, protocol=url.partition(":")[0], **options).with_secret(secret)

    @property
    def path(self) -> str:
        """The whole address, as the server wants it."""
        shown = super().path
        return f"{shown}{'&' if '?' in shown else '?'}{self._secret}" if getattr(self, "_secret", "") else shown

    def carrying(self, other: HTTPPath) -> HTTPPath:
        """Another address with this one's secret."""
        return type(self)(str(other), protocol=self.protocol, **self.storage_options).with_secret(self._secret)

    def with_segments(self, *pathsegments: Any) -> Self:  # noqa: ANN401  upath's own
        """Another address on the way, with the same secret."""
        return super().with_segments(*pathsegments).with_secret(self._secret)

    def __vfspath__(self) -> str:
        return super().path

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (str(self), self._secret, dict(self.storage_options))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SignedPath) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def with_secret(self, secret: str) -> Self:
        """This address, with that secret from now on."""
        self._secret = secret
        return self


def _again(shown: str, secret: str, options: dict[str, Any]) -> SignedPath:
    return SignedPath(shown, protocol=shown.partition(":")[0], **options).with_secret(secret)
