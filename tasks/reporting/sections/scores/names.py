"""What the variants' names mean, in words that need no knowledge of the configuration."""

import re
from collections.abc import Sequence

KNOWN = {
    "original": "the pairs as they came, without the repeats and leaks that screening drops",
    "balanced": "the pairs that balancing selected, some more than once",
    "random": "a uniform subset of the pairs, of the balanced set’s effective size: its control",
}
_HEADS = re.compile(r"heads k=(\d+), (.+)")


def meanings(variants: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Each name whose meaning is known, once, and the meaning."""
    said = ((name, meaning(name)) for name in dict.fromkeys(variants))
    return tuple((name, words) for name, words in said if words)


def meaning(variant: str) -> str:
    """What a variant is; empty for a name that somebody else gave."""
    if variant in KNOWN:
        return KNOWN[variant]
    base, plus, arm = variant.rpartition(" + ")
    if plus and arm == "T-REGS":
        return f"the models of “{base}”, fine-tuned on the same data with T-REGS"
    if plus and arm == "no T-REGS":
        return f"the models of “{base}”, fine-tuned just as long without T-REGS: the control"
    if found := _HEADS.fullmatch(variant):
        steps = int(found[1])
        loss = {0: "a loss without balancing", 1: "CLIP’s loss, one half step of balancing"}.get(
            steps, f"a loss of {steps} half steps of balancing"
        )
        return f"small networks on frozen embeddings, trained on “{found[2]}” with {loss}"
    return ""
