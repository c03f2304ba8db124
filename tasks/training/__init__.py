"""Losses, regularisers and the loop that trains with them.

What to read first, by what is looked for:

- the balanced loss: `losses` (its definition), `potentials` and `kernels` (the fast form), `modules` (as in open_clip,
  over ranks), `open_clip_main` (in open_clip's own program), `siglip`;
- T-REG: `tregs` (its definition), `batch_mst` (Prim, on a processor), `boruvka` (on accelerators), `tree_length`,
  `points` (what it does to points alone); its neighbours: `regularisers`;
- what is trained: `heads`, `models`, `pretrained`, `vocabulary`, `selfsupervised`;
- on what: `pairs`, `images`, `tokens`, `embedded`, `selection`, `order` (which example when), `augmentation`;
- how: `loop`, `objective` and `contrastive` (what the loop minimises), `optimiser`, `lars`, `schedule`, `checkpoint`,
  `watch`, `live`, `prefetch`, `threads`, `ranks` (sums over processes), `launch` (starting them);
- from the pipeline: `config`, `task`, `clip_training`, `heads_training`.
"""
