"""`@stage`: a function of manifests becomes a cached stage that runs here and now, or as a Prefect task.

Nothing here knows Prefect, so declaring a stage, asking for its key and running it without a server load none of it;
`storage.caching.prefect_task` makes the task.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial

from storage.errors import EquipoiseError, memory_fault
from storage.progress import Report, silent
from storage.record.fingerprint import fingerprint, require_unchanged
from storage.record.keys import KeyParts, key_parts
from storage.record.manifest import Manifest
from storage.record.stats import Figures
from storage.store.publish import Began, StageFunction, bind, compute, make, nobody
from storage.store.workspace import Runtime

Elsewhere = Callable[["Stage", KeyParts, Mapping[str, object], Runtime, Report], Manifest]
"""Makes the output of a stage run in another process; the caller holds its key, and is told how far it is."""


@dataclass(frozen=True)
class Stage:
    """One stage of the pipeline, as `@stage` makes it. Science stays in `function`; this is when and where it runs.

    Attributes:
        name: its folder in the store.
        version: raised where results change though no code does.
        modules: what it computes with beyond what its function imports.
        function: takes its inputs by name, and `work: Workspace`; returns its figures.
        on_device: a GPU does its work, if there is one. Like `less_memory`, it enters no key.
        less_memory: what to change where memory ran out in it.
    """

    name: str
    version: int
    modules: tuple[str, ...]
    function: StageFunction
    on_device: bool = False
    less_memory: str = "use fewer `workers`, or a machine with more"

    @cached_property
    def code(self) -> str:
        """Fingerprint of everything the stage computes with."""
        return fingerprint(self.modules, self.function)

    @property
    def over_ranks(self) -> bool:
        """Whether its function spreads a run over `ranks` processes (`tasks.training.distributed`)."""
        return bool(getattr(self.function, "over_ranks", False))

    def parts(self, *args: object, **inputs: object) -> KeyParts:
        """What the key of this call is made of."""
        return key_parts(self.name, self.version, self.code, bind(self.function, args, inputs))

    def run(
        self,
        *args: object,
        runtime: Runtime,
        report: Report = silent,
        began: Began = nobody,
        elsewhere: Elsewhere | None = None,
        **inputs: object,
    ) -> Manifest:
        """Run now, without a server, unless the store holds the result; `began` is called if it does not.

        The work is done in this thread, or `elsewhere`.
        """
        arguments = bind(self.function, args, inputs)
        there = None if elsewhere is None else partial(elsewhere, self)
        with self._short_of_memory():
            return compute(self._checked, self.parts(**arguments), arguments, runtime, report, began, there)

    def make(
        self, parts: KeyParts, arguments: Mapping[str, object], runtime: Runtime, report: Report = silent
    ) -> Manifest:
        """Do the work of a run whose key another process holds."""
        with self._short_of_memory():
            return make(self._checked, parts, arguments, runtime, report)

    @contextmanager
    def _short_of_memory(self) -> Iterator[None]:
        """Where memory runs out, in the stage's function or around it, one sentence with what to change."""
        try:
            yield
        except Exception as error:
            if not isinstance(error, EquipoiseError) and (fault := memory_fault(error, self.name, self.less_memory)):
                raise fault from error
            raise

    def _checked(self, **arguments: object) -> Figures:
        """What the function returns, unless its code was edited meanwhile: its key would speak of other code."""
        with self._short_of_memory():
            figures = self.function(**arguments)
        require_unchanged(self.name, self.modules, self.function, self.code)
        return figures


def stage(
    name: str,
    *,
    version: int,
    modules: Sequence[str],
    on_device: bool = Stage.on_device,
    less_memory: str = Stage.less_memory,
) -> Callable[[StageFunction], Stage]:
    """Declare a stage: its name in the store, an explicit version, and the pure modules it computes with.

    The function takes configuration, plain values and manifests (also inside lists, mappings and dataclasses), and
    `work: Workspace` by keyword; it writes files under `work.output` and returns its figures. One that computes on
    `work.device` says `on_device`, so that a cluster gives its runs a GPU. `less_memory` names the settings to change
    where memory runs out.
    """

    def declare(function: StageFunction) -> Stage:
        made = Stage(name, version, tuple(modules), function, on_device, less_memory)
        _ = made.code  # now: what is imported later, when the stage runs, is held against this
        return made

    return declare
