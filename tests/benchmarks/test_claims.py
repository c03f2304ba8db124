"""Claims find their ratios in what the benchmarks print, and can fail."""

import pytest

from benchmarks.claims import BENCHMARKS, Claim
from tests.paths import ROOT

PRINTED = {
    "raking": """
     rows keywords  nnz/row     ours    plain    scipy    torch   /plain   /scipy   /torch    whole  prepare
    1e+05    5e+02     2.37     0.31     1.40     1.38     2.38     0.23     0.22     0.13     2.58       60
    1e+06    2e+04     2.37     3.31    14.40    18.38    22.38     0.23     0.18     0.15     2.58       60
  POT sinkhorn          954 ms         50 × ours""",
    "losses": """
B=512 k=2          ours 2.47 ms (1.00x) | chain 2.01 ms (0.79x)
B=4096 k=2         ours 47.1 ms (1.00x) | chain 342.2 ms (7.30x)
B=4096 k=2 ours   extra peak memory 1.20 B×B
B=4096 features    ClipLoss 9 ms (1.00x) | ours k=1 4 ms (0.46x) | T-REG, both 3 ms (0.32x)""",
    "evaluation": """shape: 30 checkpoints, 64 images: ours 1.00 s, clip-benchmark 23.00 s, ratio 23.0
all three sets of 64: ours 2.00 s, clip-benchmark 40.00 s, ratio 20.0; largest difference of a score 1.0e-07""",
    "workers": """
    32  ray_task_runner      31.0     20.0      354.8         349.7
    32  the first run has ended on ray after 0.41 of ray_task_runner's time""",
    "training_clip": "open_clip_train         100.0 examples/s   ours is 1.43x",
}
FOUND = {
    "raking": [[0.18], [0.13, 0.15], [50]],
    "losses": [[7.3], [1.2], [0.32]],
    "evaluation": [[20.0]],
    "workers": [[0.41]],
    "training_clip": [[1.43]],
}


@pytest.mark.parametrize("name", FOUND)
def test_ratios_are_found_in_the_lines(name: str) -> None:
    claims = BENCHMARKS[name].claims
    assert [claim.ratios(PRINTED[name]) for claim in claims] == FOUND[name]
    assert all(claim.holds(claim.ratios(PRINTED[name])) for claim in claims)


def test_a_claim_can_fail_and_can_be_left_open() -> None:
    claim = Claim("twice", "a peer", r"(?P<ratio>\d+)x", least=2)
    assert claim.holds([2, 3]) is True
    assert claim.holds([1, 3]) is False
    assert claim.holds([]) is None
    assert Claim("told", "a peer", "").holds([1.0]) is None
    assert [claim.bound, Claim("most", "", "", most=0.5).bound, Claim("told", "", "").bound] == ["≥ 2", "≤ 0.5", "–"]


def test_every_benchmark_is_a_program_of_the_folder() -> None:
    for benchmark in BENCHMARKS.values():
        text = (ROOT / "benchmarks" / f"{benchmark.module}.py").read_text(encoding="utf-8")
        assert 'if __name__ == "__main__"' in text
