"""Losses, regularisers and the loop that trains with them.

What to read first, by what is looked for:

- the balanced loss: `losses/` (`balanced`, its definition; `potentials` and `exp_matrix`, the fast form; `tiled`,
  without the matrix; `modules`, as in open_clip, over ranks; `siglip`), and `recipes/open_clip_main`, in open_clip's
  own program;
- T-REG: `tregs/` (`treg`, its definition; `batch_prim`, the tree on a processor; `batch_boruvka`, on accelerators;
  `tree_length`; `study`, what it does to points alone); its neighbours: `regularisers/`;
- what is trained: `models/`; on what: `data/` (`epoch_order` says which example comes when,
  `stream_order` where they are too many for memory);
- how: `loop/` (`fit` and what it asks: `objective`, `optimiser`, `schedule`, `checkpoint`, `measurements`), and
  `distributed/` (`ranks`, sums over processes; `launch`, starting them);
- whole trainings: `recipes/` (CLIP, heads) and `selfsupervised/`; from the pipeline: `config`, `task`.
"""
