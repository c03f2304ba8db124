"""Every fault that can be known before work starts: that this machine has what an experiment needs, and work to do.

Nothing is computed, and no large package is loaded that the experiment would not load anyway.
"""

from collections.abc import Iterator

from flows.config.experiment import Experiment
from flows.preflight.machine import (
    device,
    folders,
    missing_packages_of_models,
    nothing_to_do,
    packages,
    ranks_of_a_launcher,
)
from flows.preflight.models import checkpoints, class_lists, encoders
from flows.preflight.named_files import files
from flows.preflight.sources import headers, keyword_files
from flows.verbs import Verb
from storage.errors import InputError


def require(config: Experiment, verb: Verb) -> None:
    """Raise `InputError` with every fault that is known before the verb starts."""
    faults = list(preflight(config, verb))
    if len(faults) == 1:
        raise InputError(f"{config.name} cannot run: {faults[0]}")
    if faults:
        listed = "".join(f"\n  {each}" for each in faults)
        raise InputError(f"{config.name} cannot run, for {len(faults)} reasons:{listed}")


def preflight(config: Experiment, verb: Verb) -> Iterator[str]:
    """Every fault that is known before the verb starts, a sentence each."""
    yield from nothing_to_do(config, verb)
    lacks_models = list(missing_packages_of_models(config, verb))
    yield from lacks_models or device(config, verb)
    yield from packages(config)
    yield from ranks_of_a_launcher(config)
    missing = list(files(config))
    yield from missing
    if not missing:
        yield from headers(config)
        yield from keyword_files(config)
    yield from encoders(config)
    yield from class_lists(config)
    yield from checkpoints(config)
    yield from folders(config)
