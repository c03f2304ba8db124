"""What the headers of sources and the keyword files tell before anything is read."""

from collections.abc import Iterator

from flows.config.experiment import Experiment
from flows.config.pipeline import PipelineConfig
from flows.config.selfsupervised import SelfSupervisedExperiment
from storage.errors import InputError
from storage.places.place import is_url
from tasks.ingest.config import SourceConfig

_READ_AT_ONCE = ("text", "json", "entries", "class_names")  # kinds of keyword lists that are read in no time


def headers(config: Experiment) -> Iterator[str]:
    """Columns that a source's files do not have, or that hold something else; files that a pattern does not find.

    Of files on this machine: those at a URL are read when they are ingested.
    """
    from tasks.ingest.groups import plan_groups
    from tasks.ingest.kinds import source_of
    from tasks.ingest.sources.source import no_header

    for name, source in sources(config):
        kind = source_of(source)
        try:
            if is_url(getattr(source, "path", None)):
                continue  # a run that finds everything in its store reads nothing of it
            for fault in kind.header_faults(source):
                yield f"`{name}`: {fault}"
            if kind.header_faults is no_header:
                plan_groups(source)
        except InputError as error:
            yield f"`{name}`: {error}"


def sources(config: Experiment) -> Iterator[tuple[str, SourceConfig]]:
    """Every source of an experiment, with the field that holds it."""
    if isinstance(config, PipelineConfig | SelfSupervisedExperiment):
        yield from ((f"sources[{index}]", source) for index, source in enumerate(config.sources))
    if isinstance(config, SelfSupervisedExperiment):
        yield from ((f"probe.test[{index}]", source) for index, source in enumerate(config.probe.test))


def keyword_files(config: Experiment) -> Iterator[str]:
    """Keyword files that cannot be read, or that hold no keyword."""
    if not isinstance(config, PipelineConfig):
        return
    from tasks.matching.lists.sources import read_source

    for index, source in enumerate(config.metadata.sources):
        if source.kind not in _READ_AT_ONCE:
            continue
        name = f"`metadata.sources[{index}]`"
        try:
            if not any(entry.strip() for entry in read_source(source, config.metadata.files, ())):
                yield f"{name}: {config.metadata.files or 'the list'} holds no keyword"
        except InputError as error:
            yield f"{name}: {error}"
