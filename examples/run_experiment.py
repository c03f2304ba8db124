"""Run an experiment's configuration from Python: see what it would do, run it, read its numbers."""

import sys
from collections import Counter
from pathlib import Path

from equipoise import Store, load_experiment, run, status


def main(path: str) -> dict[str, float]:
    """Run the file's experiment, without a server; return the seconds that each stage took."""
    experiment = load_experiment(Path(path))
    print(dict(Counter(plan.action for plan in status(experiment))))  # what is cached already is not run again

    outcome = run(experiment, announce=print)
    print("report:", outcome.folder / "report.html")

    store, seconds = Store(experiment.runtime.store), Counter[str]()
    for node in outcome.nodes:
        assert node.manifest is not None
        assert not store.damage(node.manifest), "a file is missing or was cut short"
        seconds[node.stage] += node.manifest.seconds
    for stage, total in seconds.most_common(3):
        print(f"{stage}: {total:.1f} s")
    return dict(seconds)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "configs/demo.yaml")
