"""What each of the comparisons asks, and what it cannot say."""

from dataclasses import dataclass

from tasks.studies.selfsupervised.config import Question


@dataclass(frozen=True)
class Words:
    """A study's title, question, panels and limits."""

    title: str
    question: str
    panels: tuple[str, ...]
    limits: tuple[str, ...]


_BUDGET = (
    "A short training of a small network shows which losses collapse and which do not; it cannot order methods as "
    "hundreds of epochs of a ResNet do, and no method's rate or temperature was tuned for it."
)

WORDS: dict[Question, Words] = {
    "tregs-ssl": Words(
        "T-REGS beside and within other self-supervised methods",
        "T-REGS (Tables 1 and 2) adds the length of a minimum spanning tree to self-supervised methods, beside other "
        "uniformity terms: Wang and Isola's L_u, and the Wasserstein distance W₂ of Fang et al. What does each add to "
        "each method?",
        ("linear", "neighbours", "effective_rank"),
        (_BUDGET,),
    ),
    "tregs-coefficients": Words(
        "The weights of T-REGS",
        "T-REGS (Table 4) weighs the views' distance by β, the spanning tree by γ and the soft sphere by λ. Which "
        "weights collapse, and does a hard sphere do as well?",
        ("linear", "spread", "directions", "norm"),
        (_BUDGET,),
    ),
    "clustering": Words(
        "Self-supervised clustering as a balanced measure",
        "Example 1 of The Benefits of Balance: pictures are assigned to prototypes by a joint measure that is balanced "
        "to uniform marginals, as SwAV does. What do half steps of balancing buy, beside DINO's centring and T-REGS?",
        ("linear", "neighbours", "prototypes", "spread"),
        (
            _BUDGET,
            "With 0 half steps the measure's mass may lie on few pictures and prototypes; whether that collapses "
            "depends on the training's length as well.",
        ),
    ),
}
