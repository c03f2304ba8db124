"""Curate a table of your own from Python, without a YAML file: what a configuration says, as a dictionary."""

import sys
from pathlib import Path

from equipoise import load, run
from flows.config.pipeline import PipelineConfig


def main(folder: str) -> dict[str, int]:
    """Write a table, curate it, read the curated rows; return how often each caption is drawn."""
    table = Path(folder) / "captions.csv"
    table.parent.mkdir(parents=True, exist_ok=True)
    captions = ["a red cat"] * 12 + ["a blue cat"] * 6 + ["a red dog"] * 3 + ["an axolotl"]
    rows = [f"{number},{caption} {number}" for number, caption in enumerate(captions)]
    table.write_text("\n".join(["key,text", *rows]))

    experiment = PipelineConfig.model_validate(
        {
            "name": "pets",
            "output": f"{folder}/run",
            "store": f"{folder}/store",
            "sources": [{"kind": "table", "name": "pets", "path": str(table), "caption_column": "text",
                         "key_column": "key", "image_column": None}],
            "metadata": {"sources": [{"kind": "entries", "entries": ["cat", "dog", "axolotl", "red", "blue"]}]},
            "balancing": {"method": "calibrate", "target": {"kind": "capped", "t": 4}},
        }
    )  # fmt: skip
    outcome = run(experiment, "curate", announce=print)
    drawn = load(outcome).arrow().to_table(columns=["caption", "multiplicity"])
    print("report:", outcome.folder / "report.html")
    return dict(zip(drawn["caption"].to_pylist(), drawn["multiplicity"].to_pylist()))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} FOLDER    the table and the results go there")
    print(main(sys.argv[1]))
