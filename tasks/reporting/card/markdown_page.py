"""The card as Markdown. Whatever came from a source or a configuration is other people's text, and escaped."""

from collections.abc import Iterable, Iterator, Sequence

from tasks.balancing.stats import BalanceStats
from tasks.reporting.card.facts import CardFacts
from tasks.reporting.inputs.untrusted import LABEL_LENGTH, markdown
from tasks.reporting.page.formats import MISSING, integer, number, percent
from tasks.reporting.sections.balancing.convergence import convergence_sentence
from tasks.resampling.stats import RealiseStats

UNFILLED = "*to be filled in*"
LONGEST = 400  # characters of a setting, and of what a person filled in by line


def card_markdown(facts: CardFacts) -> str:
    """The whole card, from its title on."""
    return "\n".join(_lines(facts)).rstrip() + "\n"


def _lines(facts: CardFacts) -> Iterator[str]:
    yield from (f"# {markdown(facts.title)}", "", markdown(facts.description, 2_000), "")
    yield from _asked(facts)
    yield from ("## Sources", "")
    yield from _table(
        ("source", "kind", "images", "rows taken", "rows refused"),
        ((each.name, each.kind, each.images, integer(each.rows), integer(each.rejected)) for each in facts.sources),
    )
    yield from ("## Rows, and why others are not here", "")
    yield from _table(
        ("station", "rows", "left out before it, by reason"),
        (
            (each.name, integer(each.rows), "; ".join(f"{loss.reason}: {loss.rows:,}" for loss in each.losses))
            for each in facts.stations
        ),
    )
    yield from _screening(facts)
    yield from ("## Balancing", "", markdown(convergence_sentence(facts.balancing), LONGEST), "")
    yield from _table(("figure", "value"), _balancing(facts.balancing))
    if facts.balancing.infeasible:
        yield from (f"What stood in the way of the target ({facts.balancing.obstacles:,} in all):", "")
        yield from (*(f"- {markdown(each)}" for each in facts.balancing.infeasible), "")
    yield from ("## Selection", "")
    yield from _table(("figure", "value"), _selection(facts.selection, facts.validation))
    yield from _keywords(facts)
    yield from _captions(facts.captions)
    yield from _origin(facts)


def _asked(facts: CardFacts) -> Iterator[str]:
    asked = facts.asked
    yield from ("## To be filled in by a person", "")
    yield from _table(
        ("field", "value"),
        (
            ("licence", asked.licence),
            ("creators", ", ".join(asked.creators)),
            ("homepage", asked.homepage),
            ("published", asked.published),
            ("citation", asked.citation),
            ("personal data", asked.personal),
            ("uses", asked.uses),
        ),
        empty=UNFILLED,
        limit=LONGEST,
    )


def _screening(facts: CardFacts) -> Iterator[str]:
    yield from ("## Repetitions and leaks", "")
    if facts.duplicates is None:
        yield from ("Repetitions were not looked for.", "")
    else:
        found = facts.duplicates
        yield from (f"{found.dropped:,} of {found.rows:,} rows repeat one of {found.groups:,} that stay.", "")
    if not facts.leakage:
        yield from ("Leaks of evaluation sets were not looked for.", "")
        return
    yield from _table(
        ("evaluation set", "its rows", "rows near one", "its rows given away", "captions like a prompt", "dropped"),
        (
            (name, *map(integer, (each.evaluation_rows, each.leaks, each.leaked_evaluation_rows, each.captions,
                                  each.dropped)))
            for name, each in facts.leakage.items()
        ),
    )  # fmt: skip


def _balancing(found: BalanceStats) -> Iterable[tuple[str, str]]:
    return (
        ("method", found.method),
        ("converged", "yes" if found.converged else "no"),
        ("residual, the larger of both margins", number(found.residual)),
        ("residual of the captions' margin", number(found.row_residual)),
        ("residual of the keywords' margin", number(found.column_residual)),
        ("effective sample size of the weights (Kish)", integer(found.effective_sample_size)),
        ("design effect", number(found.design_effect)),
        ("largest weight (the mean is 1)", number(found.largest_weight)),
        ("keywords that occur", integer(found.keywords)),
        ("keywords that cannot reach their target", integer(found.obstacles)),
    )


def _selection(found: RealiseStats, validation: int | None) -> Iterable[tuple[str, str]]:
    return (
        ("method", found.method),
        ("different pairs", integer(found.distinct)),
        ("pairs with repeats", integer(found.size)),
        ("copies beyond the first", integer(found.duplicates)),
        ("copies of the pair drawn most", integer(found.largest_multiplicity)),
        ("effective sample size (Kish)", integer(found.effective_sample_size)),
        ("keywords with a target that no pair holds", integer(found.lost_keywords)),
        ("pairs held out for validation", MISSING if validation is None else integer(validation)),
    )


def _keywords(facts: CardFacts) -> Iterator[str]:
    shares, most = facts.marginals.shares, facts.asked.keywords
    yield from ("## Keywords", "", "Distance of the keywords' shares from the target:", "")
    yield from _table(
        ("shares", "total variation", "KL (nats)", "largest over smallest", "keywords missing"),
        (
            (each.name, number(each.total_variation), number(each.kl), number(each.imbalance), integer(each.missing))
            for each in facts.marginals.distances
        ),
    )
    count = min(most, len(shares.text))
    if not count:
        return
    yield from (f"The {count:,} most frequent of {len(shares.text):,} keywords:", "")
    columns = [
        [MISSING] * count if each is None else [percent(float(value)) for value in each[:count]]
        for each in (shares.observed, shares.target, shares.realised)
    ]
    yield from _table(
        ("keyword", "captions", "share before", "target", "share realised"),
        zip(shares.text[:count], map(integer, shares.count[:count].tolist()), *columns, strict=True),
        limit=LABEL_LENGTH,
    )


def _captions(captions: Sequence[str]) -> Iterator[str]:
    if captions:
        yield from ("## Captions, for example", "", *(f"- {markdown(caption)}" for caption in captions), "")


def _origin(facts: CardFacts) -> Iterator[str]:
    yield from ("## How to make it again", "", f"Content of the curated shards: `{facts.content}`.", "")
    settings = (
        (record.stage, name, value)
        for record in facts.settings
        for name, value in record.parameters
        if value != "not set"
    )
    yield from _table(("stage", "setting", "value"), settings, limit=LONGEST)
    yield from _table(("package", "version"), facts.software)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str = "", limit: int = 180) -> Iterator[str]:
    """A table whose cells are escaped; nothing where there are no rows."""
    body = ["| " + " | ".join(markdown(cell, limit) if cell else empty for cell in row) + " |" for row in rows]
    if body:
        yield from ("| " + " | ".join(head) + " |", "|" + "---|" * len(head), *body, "")
