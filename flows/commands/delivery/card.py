"""The data set's card: Markdown for people, Croissant for programs, from the run's own manifests."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.console import AsJson, say, say_json
from flows.commands.store.store_commands import ConfigFile
from flows.config.pipeline import PipelineConfig
from flows.graph.stored import StoredCuration, stored_curation
from storage.atomic import write_whole
from storage.errors import InputError
from storage.export.croissant import About

if TYPE_CHECKING:
    from tasks.reporting.card.facts import CardFacts


def card(
    config: ConfigFile,
    to: Annotated[
        Path | None, typer.Argument(metavar="[OUT]", help="a folder above the store; the run's own folder if not said")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write card.md and croissant.json of the curated set: where it comes from, what was done, what to fill in.

    The `card:` section of the configuration fills in what only a person knows: licence, creators, citation.
    """
    from flows.config.pipeline import load_config
    from tasks.reporting.card.markdown_page import card_markdown

    settings = load_config(config)
    stored = stored_curation(settings)
    facts, folder = facts_of(settings, stored), to or settings.folder
    write_whole(folder / "card.md", card_markdown(facts))
    files, notes = [str(folder / "card.md")], []
    try:
        write_whole(folder / "croissant.json", described_shards(stored, folder, about(facts)))
        files.append(str(folder / "croissant.json"))
    except InputError as error:
        notes.append(str(error))
    if as_json:
        say_json({"files": files, "notes": notes})
        return
    for line in (*files, *notes):
        say(line)


def facts_of(settings: PipelineConfig, stored: StoredCuration) -> "CardFacts":
    """All that the card tells."""
    from itertools import islice

    from storage.tables.shards import iter_batches
    from tasks.reporting.card.facts import card_facts
    from tasks.reporting.inputs.tables import read_frame

    realised = stored.curation.realised
    keywords = read_frame([stored.store.directory(realised.stage, realised.key) / "entries.parquet"])
    batches = iter_batches(stored.shards(), ["caption"], rows=max(1, settings.card.examples))
    captions = (caption for batch in batches for caption in batch["caption"].to_pylist())
    return card_facts(
        settings.name,
        settings.card,
        stored.screening,
        stored.curation,
        keywords=keywords,
        captions=list(islice(captions, settings.card.examples)),
    )


def about(facts: "CardFacts") -> About:
    """The same in short, to programs."""
    asked = facts.asked
    return About(
        name=facts.title,
        description=facts.description,
        licence=asked.licence,
        creators=asked.creators,
        homepage=asked.homepage,
        citation=asked.citation,
        published=asked.published,
    )


def _linked(link: Path, shard: Path) -> Path:
    """The link to a shard that a run left beside its report, if that is what it is; else the shard."""
    return link if link.resolve() == shard else shard


def described_shards(stored: StoredCuration, folder: Path, described: About) -> str:
    """Croissant of the curated shards, or of a run's links to them.

    Raises `InputError` where they do not lie below `folder`.
    """
    import pyarrow.parquet as pq
    from pydantic_core import to_json

    from storage.export.croissant import Split, croissant, describe_file
    from storage.tables.schemas import CURATED, Carried, with_carried

    root, splits = folder.resolve(), []
    for name, kind in (("train", "curated"), ("validation", "validation")):
        paths = [_linked(root / kind / path.name, path.resolve()) for path in stored.shards(kind)]
        if outside := [path for path in paths if not path.is_relative_to(root)]:
            raise InputError(
                f"croissant.json can name files below {folder} only, and {outside[0]} is not; "
                "`equipoise export --format huggingface` writes one with its files"
            )
        names = [path.relative_to(root).as_posix() for path in paths]
        patterns = sorted({f"{Path(each).parent.as_posix()}/{kind}-*.parquet" for each in names})
        if paths:
            splits.append(Split(name, [describe_file(*each) for each in zip(paths, names, strict=True)], patterns))
    schema = with_carried(CURATED, Carried.of(map(pq.read_schema, stored.shards())))
    return to_json(croissant(described, splits, schema), indent=1).decode() + "\n"
