"""Results in others' forms: clip-benchmark's JSON, DataComp's `eval_results.jsonl`, the authors' published runs."""
