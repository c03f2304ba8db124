"""What 95 % intervals cover: over seeds and images together, beside those over seeds or over images alone.

    python -m benchmarks.interval_coverage [REPETITIONS]

The peers are Student's t over seeds (scipy's `ttest_1samp`) and the same mixed model without its effect of seeds.
Aimed at is 95 %; an interval that is too narrow covers less. The simulation is `tasks/evaluation/scoring/coverage.py`.
"""

import sys

from tasks.evaluation.scoring.coverage import coverage, scenarios


def main() -> None:
    """Print a line a scenario: seeds, standard deviations, and what each interval covers."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    print(f"{repetitions} experiments a line, 1,024 images; aimed at: 95.0 %")
    print("seeds  σ seeds  σ images  σ both   together   over seeds   over images")
    for scenario in scenarios():
        found = coverage(scenario, repetitions=repetitions)
        shares = "".join(f"{100 * each:11.1f} %" for each in (found.combined, found.over_seeds, found.over_images))
        print(f"{scenario.seeds:5d}{scenario.of_seeds:9.2f}{scenario.of_images:10.1f}{scenario.of_both:8.1f}{shares}")


if __name__ == "__main__":
    main()
