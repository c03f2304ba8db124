"""What rows carry beside a pair: scores, texts that are kept, and concepts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.schemas import CONCEPTS, KEPT, PAIRS, SCORES, Carried, with_carried


@dataclass(frozen=True)
class Extras:
    """Columns of some rows.

    Attributes:
        scores: numbers or null, `[n]` each, by name.
        kept: texts or null, `[n]` each, by name.
        concepts: `[n]` lists of `schemas.CONCEPT`; None where the source names none.
    """

    scores: Mapping[str, pa.Array] = field(default_factory=dict)
    kept: Mapping[str, pa.Array] = field(default_factory=dict)
    concepts: pa.Array | None = None

    @property
    def carried(self) -> Carried:
        """Their names."""
        return Carried(frozenset(self.scores), frozenset(self.kept), self.concepts is not None)

    def take(self, rows: pa.Array) -> "Extras":
        """Those of some rows."""
        return Extras(
            {name: values.take(rows) for name, values in self.scores.items()},
            {name: values.take(rows) for name, values in self.kept.items()},
            None if self.concepts is None else self.concepts.take(rows),
        )

    def beside(self, pairs: pa.Table) -> pa.Table:
        """Pairs, of the `PAIRS` schema and as many, with these; what is not a number is null among scores."""
        schema = with_carried(PAIRS, self.carried)
        return pa.table([*pairs.columns, *self._columns(schema)], schema=schema)

    def _columns(self, schema: pa.Schema) -> Iterator[pa.Array]:
        for column, values in ((SCORES, self.scores), (KEPT, self.kept)):
            if values:
                kind = schema.field(column).type
                parts = [_numbers(values[part.name]) if column == SCORES else values[part.name] for part in kind]
                yield pa.StructArray.from_arrays([part.cast(kind[0].type) for part in parts], fields=list(kind))
        if self.concepts is not None:
            yield self.concepts.cast(schema.field(CONCEPTS).type)


def _numbers(values: pa.Array) -> pa.Array:
    values = values.cast(pa.float64(), safe=False)
    return pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)
