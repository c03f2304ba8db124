"""Keyword targets P_Y, always in the units of the measure that is balanced.

`base [m]` is that measure before balancing: keyword counts (`pairs`), or `Σ_i K_ij / deg_i` (`rows`, every caption
split over its keywords). The reference code of the paper caps raw counts against a row-normalised base; taking `base`
as an argument makes that mistake impossible. Keywords that no caption holds get 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from storage.errors import InputError
from storage.tables.shards import read_table
from tasks.arrays import Floats
from tasks.balancing.diagnostics import keyword_sums, normalised
from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.result import Unit

if TYPE_CHECKING:
    from tasks.balancing.config import Target


def target_masses(config: Target, base: Floats, texts: Sequence[str]) -> Floats:
    """The configured target `[m]` for a base measure `[m]`, in the base's units (captions); a mixture sums to 1.

    Raises:
        InputError: a file target that cannot be used, or a target without any mass.
    """
    # here, since the formulas are imported on machines without pydantic
    from tasks.balancing.config import CappedTarget, FileTarget, MixtureTarget, TemperedTarget

    if isinstance(config, CappedTarget):
        masses = capped(base, config.t)
    elif isinstance(config, TemperedTarget):
        masses = tempered(base, config.alpha)
    elif isinstance(config, FileTarget):
        masses = from_table(config.checked_path(), texts)
    elif isinstance(config, MixtureTarget):
        parts = [target_masses(part.target, base, texts) for part in config.parts]
        masses = mixture(parts, [part.share for part in config.parts])
    else:
        masses = uniform(base)
    if not float(masses.sum()) > 0:
        raise InputError("the target gives no mass to any keyword; check the target and the keyword list")
    return masses


def base_measure(matrix: Incidence, unit: Unit) -> Floats:
    """The measure before balancing, in captions: `Σ_i K_ij` ("pairs") or `Σ_i K_ij / deg_i` ("rows"), `[m]`."""
    if unit == "pairs":
        return matrix.counts.astype(np.float64)
    degrees = matrix.degrees
    return keyword_sums(matrix.indices, np.repeat(1.0 / np.maximum(degrees, 1), degrees), matrix.columns)


def uniform(base: npt.ArrayLike) -> Floats:
    """1 for every keyword that is held, `[m]`."""
    return (np.asarray(base) > 0).astype(np.float64)


def capped(base: npt.ArrayLike, t: float) -> Floats:
    """`min(base_j, t)` `[m]`: the head is flattened at t captions and the tail left as it is.

    It is the paper's target, and what MetaCLIP's rule aims at.
    """
    return np.minimum(np.asarray(base, dtype=np.float64), t)


def tempered(base: npt.ArrayLike, alpha: float) -> Floats:
    """`base_j^α` `[m]`: α = 1 keeps the base, α = 0 is uniform."""
    held = np.asarray(base, dtype=np.float64)
    return np.where(held > 0, np.power(np.maximum(held, 1e-300), alpha), 0.0)


def mixture(parts: Sequence[npt.ArrayLike], shares: Sequence[float]) -> Floats:
    """`Σ_k share_k / Σ share · part_k / Σ part_k`, a probability `[m]`; raises `InputError` for shares below 0."""
    if len(parts) != len(shares) or len(parts) == 0:
        raise InputError(f"a mixture of {len(parts)} targets needs as many shares, not {len(shares)}")
    weights = [float(share) for share in shares]
    total = sum(weights)
    if min(weights) < 0 or not 0 < total < np.inf:
        raise InputError(f"the shares of a mixture are {weights}; give numbers ≥ 0 with a positive sum")
    return np.sum([weight / total * normalised(part) for part, weight in zip(parts, weights, strict=True)], axis=0)


def from_table(path: Path, texts: Sequence[str]) -> Floats:
    """Masses `[m]` from a Parquet, CSV or TSV file with columns `text` and `target`; keywords not in it get 0.

    Raises:
        InputError: unreadable file, a missing column, an unknown or repeated keyword, or a mass that is negative or
            not finite; the row is named.
    """
    table = _read(path)
    missing = {"text", "target"} - set(table.column_names)
    if missing:
        raise InputError(f"{path.name} has no column {sorted(missing)[0]!r}; a target file has columns text and target")
    try:
        values = table.column("target").cast(pa.float64()).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"{path.name}: column target holds something that is not a number ({error})") from None
    number = {text: j for j, text in reversed(list(enumerate(texts)))}
    target = np.zeros(len(texts))
    seen: dict[str, int] = {}
    for row, (text, value) in enumerate(zip(table.column("text").to_pylist(), values, strict=True), start=1):
        if text not in number:
            raise InputError(
                f"{path.name}, row {row}: {text!r} is not in the keyword list; remove it or add the keyword"
            )
        if text in seen:
            raise InputError(f"{path.name}, row {row}: {text!r} was given in row {seen[text]} already; keep one")
        if not (np.isfinite(value) and value >= 0):
            raise InputError(f"{path.name}, row {row}: the target of {text!r} is {value}; it must be finite and ≥ 0")
        seen[text] = row
        target[number[text]] = value
    return target


def _read(path: Path) -> pa.Table:
    try:
        if path.suffix == ".parquet":
            return read_table([path])
        separator = "\t" if path.suffix == ".tsv" else ","
        options = pacsv.ConvertOptions(column_types={"text": pa.string()}, strings_can_be_null=False)
        return pacsv.read_csv(path, parse_options=pacsv.ParseOptions(delimiter=separator), convert_options=options)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"target file {path} cannot be read ({error}); give Parquet, CSV or TSV") from None
