"""`equipoise study NAME`: the studies that are flows, each from its YAML file in `configs/studies/`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.console import AsJson
from flows.commands.serving.carry_out import carry_out
from storage.errors import InputError

if TYPE_CHECKING:
    from flows.config.studies.study import StudyExperiment

STUDY_FLOWS = {
    "balance-k": "What half steps buy: variances of minibatch losses and gradients, measured and by the theorem.",
    "clustering": "Self-supervised clustering as a balanced measure: half steps, centring, and T-REGS beside them.",
    "tregs-ssl": "T-REGS, L_u and W₂ beside seven self-supervised methods (Tables 1 and 2 of its paper).",
    "tregs-coefficients": "The weights of T-REGS: which of them collapse (Table 4).",
    "tregs-cost": "Seconds of a whole self-supervised step, method by method (Table 5).",
    "tregs-retrieval": "CLIP fine-tuned with T-REGS and others: retrieval, modality gap, uniformity (Table 3).",
    "tregs-points": "Points moved by T-REG alone: simplex, sphere, collapse, zeroed coordinates (Figure 3).",
    "zero-shot": "Figure 3: zero-shot scores along training, by text encoder, batch and half steps of the loss.",
    "curation": "Figure 4: original, random and balanced data on equal budgets, by class frequency.",
    "online": "Concept-targeted batches beside an offline selection, at equal cost in training and in decoding.",
    "baselines": "Figure 5: sample mean, propensity weights and balancing, by dependence and misspecification.",
    "illustration": "A sample of a known joint and both of its marginals after every half step.",
}
"""Every study that is a flow, and what it asks."""

Small = Annotated[bool, typer.Option("--small", help="the small edition, which runs on two processor cores")]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="a YAML file of your own for this study")]
To = Annotated[Path | None, typer.Option(help="where page, figures and numbers go; default runs/NAME")]
NoServer = Annotated[bool, typer.Option("--no-server", help="run in this process, without Prefect's UI")]


def add_study_flows(commands: typer.Typer) -> None:
    """Give the group a command for every study that is a flow."""
    for name, words in STUDY_FLOWS.items():
        commands.command(name, help=words)(_command(name))


def study_experiment(name: str, *, small: bool, config: Path | None, to: Path | None) -> "StudyExperiment":
    """The study that was asked for, its results going to `to`; its store stays where it would be.

    Args:
        name: of the study.
        small: take the small edition.
        config: a YAML file in the place of the project's own.
        to: where the results go; None: where the configuration says.

    Raises:
        InputError: there is no such file, it is of another study, or both it and the small edition are asked for.
    """
    from flows.config.pipeline import load_experiment
    from flows.config.studies.study import StudyExperiment, study_file

    if config is not None and small:
        raise InputError("--small and --config name two configurations; drop one of them")
    path = config or study_file(name, small=small)
    found = load_experiment(path)
    if not isinstance(found, StudyExperiment) or found.study.kind != name:
        kind = found.study.kind if isinstance(found, StudyExperiment) else found.kind_in_words
        raise InputError(f"{path} is no configuration of the study {name}, but of {kind}")
    if to is None:
        return found
    return found.model_copy(update={"output": to, "store": found.runtime.store})


def _command(name: str):  # type: ignore[no-untyped-def]
    def command(
        small: Small = False,
        config: ConfigOption = None,
        to: To = None,
        no_server: NoServer = False,
        as_json: AsJson = False,
    ) -> None:
        settings = study_experiment(name, small=small, config=config, to=to)
        carry_out(settings, settings.whole, no_server=no_server, as_json=as_json)

    return command
