"""Where keywords come from, and how they are matched."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage.config import Config, NotInKey
from storage.places.local import LocalPath


class ExplicitEntries(Config):
    """Keywords written in the configuration."""

    kind: Literal["entries"] = "entries"
    entries: tuple[str, ...] = Field(min_length=1, description="the keywords, in order")


class JsonEntries(Config):
    """A MetaCLIP metadata file: a JSON list of strings."""

    kind: Literal["json"] = "json"
    file: str = Field(default="", description='inside the folder `files`; "" where `files` is the file itself')


class TextEntries(Config):
    """A text file, one keyword a line; blank lines are left out."""

    kind: Literal["text"] = "text"
    file: str = Field(default="", description='inside the folder `files`; "" where `files` is the file itself')


class WordNetEntries(Config):
    """WordNet's words, underscores turned into spaces: every lemma, or every synset's head as MetaCLIP takes them."""

    kind: Literal["wordnet"] = "wordnet"
    words: Literal["lemmas", "heads"] = Field(
        default="lemmas",
        description="lemmas: every word of every synset, some 147,000; heads: each synset's first alone, in lower case "
        "and up to a full stop, about 87,000: MetaCLIP's list, which lacks synonyms such as `automobile`",
    )
    parts_of_speech: tuple[Literal["noun", "verb", "adj", "adv"], ...] = Field(
        default=("noun", "verb", "adj", "adv"), min_length=1, description="which index or data files are read"
    )
    folder: str | None = Field(
        default=None,
        description="the dictionary (index.noun, data.noun, …) inside `files`; null: an installed one (nltk, wn, "
        "wordnet-base)",
    )


class WordFrequencyEntries(Config):
    """Words above a frequency, from the wordfreq package."""

    kind: Literal["wordfreq"] = "wordfreq"
    language: str = Field(default="en", min_length=2, description="wordfreq's code of the language")
    minimum_zipf: float = Field(
        default=3.0, ge=0.0, le=9.0, description="least frequency, log10 of occurrences per 10**9 words"
    )
    wordlist: Literal["best", "large", "small"] = Field(default="best", description="wordfreq's list")


class ClassNameEntries(Config):
    """The English class names of clip-benchmark's data sets."""

    kind: Literal["class_names"] = "class_names"
    datasets: tuple[str, ...] = Field(default=(), description="their names in clip-benchmark; empty: all")


class BigramEntries(Config):
    """Word pairs of the corpus that occur together more than chance would have it."""

    kind: Literal["bigrams"] = "bigrams"
    minimum_count: int = Field(default=5, ge=1, description="pairs seen fewer times are left out")
    minimum_pmi: float = Field(default=6.0, description="least pointwise mutual information, in bits")
    limit: int = Field(default=100_000, ge=1, description="at most so many, those of highest PMI first")


class WordEntries(Config):
    """Words of the corpus that many captions use, in lower case."""

    kind: Literal["words"] = "words"
    minimum_count: int = Field(default=5, ge=1, description="words of fewer captions are left out")
    maximum_share: float = Field(
        default=0.5,
        gt=0.0,
        le=1.0,
        description="words of a larger share of the captions are left out",
    )
    limit: int = Field(default=100_000, ge=1, description="at most so many, the most frequent first")


class ConceptEntries(Config):
    """The concepts that sources carry (`concepts`), as far as `matching.threshold` lets them count."""

    kind: Literal["concepts"] = "concepts"
    minimum_count: int = Field(default=5, ge=1, description="concepts of fewer rows are left out")
    limit: int = Field(default=100_000, ge=1, description="at most so many, the most frequent first")


Source = Annotated[
    ExplicitEntries
    | JsonEntries
    | TextEntries
    | WordNetEntries
    | WordFrequencyEntries
    | ClassNameEntries
    | WordEntries
    | BigramEntries
    | ConceptEntries,
    Field(discriminator="kind"),
]


class Spacing(Config):
    """How keywords and captions are cut into words, both alike."""

    normalise: Literal["metaclip", "unicode"] = Field(
        default="metaclip", description="spacing of keywords and captions: exactly MetaCLIP's, or Unicode's"
    )
    fold_case: bool = Field(default=False, description="ignore case; needs normalise: unicode")
    unspaced_scripts: bool = Field(
        default=False, description="as MetaCLIP 2: keywords in scripts without spaces match inside words"
    )

    @model_validator(mode="after")
    def _folding_is_unicode(self) -> Self:
        if self.fold_case and self.normalise == "metaclip":
            raise ValueError("fold_case needs normalise: unicode (MetaCLIP never folds case)")
        return self


class MetadataConfig(Config):
    """The metadata list: the union of its sources, and how its keywords are matched."""

    sources: tuple[Source, ...] = Field(min_length=1, description="lists to unite, in order of precedence")
    files: Annotated[LocalPath | None, NotInKey()] = Field(
        default=None, description="the file, or the folder of files, that sources read; its content enters the key"
    )
    limit: int | None = Field(default=None, ge=1, description="keep the first so many keywords of the union")
    spacing: Spacing = Field(default=Spacing(), description="how keywords and captions are cut into words")

    @property
    def reads_corpus(self) -> bool:
        """Whether a source needs the pairs, so that the list waits for them and changes with them."""
        return any(isinstance(source, WordEntries | BigramEntries) for source in self.sources) or self.reads_concepts

    @property
    def reads_concepts(self) -> bool:
        """Whether a source needs the pairs' concepts."""
        return any(isinstance(source, ConceptEntries) for source in self.sources)


class MatchingConfig(Config):
    """How one group of pairs is matched. The spacing belongs to the list: see `MetadataConfig.spacing`."""

    kind: Literal["captions", "concepts"] = Field(
        default="captions",
        description="captions: keywords are looked for in captions; concepts: a row's keywords are those of the list "
        "among the concepts that its source carries (`concepts`), whole and spaced alike",
    )
    threshold: float | None = Field(
        default=None,
        description="concepts of a lower score do not count, those without a score do; only with kind: concepts",
    )

    choose_text: Literal["all", "one"] = Field(
        default="all",
        description="one: of several texts of an image (keys `IMAGE#TEXT`) one, drawn by hash, is matched and "
        "counted; the others match nothing",
    )
    seed: int = Field(default=0, ge=0, description="of the draw between an image's texts")

    @model_validator(mode="after")
    def _threshold_of_concepts(self) -> Self:
        if self.threshold is not None and self.kind != "concepts":
            raise ValueError("threshold is for scores of concepts: set kind: concepts, or leave it out")
        return self
