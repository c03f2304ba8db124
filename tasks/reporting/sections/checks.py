"""What the outputs were held against, and what failed."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.checks import Checks, Verdict, judge, verdicts


@dataclass(frozen=True)
class Checked:
    """A line for each check and stage, errors first, then warnings."""

    lines: tuple[Verdict, ...]

    @property
    def failed(self) -> int:
        """Checks that did not pass."""
        return sum(each.failed > 0 for each in self.lines)


def read_checks(checks: Checks, outputs: Sequence[Manifest], work: Workspace) -> Checked:
    """From the figures of all outputs, and a few of their files."""
    found = [
        (each.stage, each.stage, finding) for each in outputs for finding in judge(checks, each, work.directory(each))
    ]
    return Checked(tuple(verdicts(found)))
