"""What every rank of the two-rank tests runs: the losses of a shared batch, and gradients averaged as DDP would.

Arguments: rank, world size, rendezvous file, output file.
"""

import sys
from functools import partial

import torch
import torch.distributed
from torch.nn import functional

from storage.errors import EquipoiseError
from tasks.training.distributed.ranks import all_ranks
from tasks.training.loop.checkpoint import require_one_start
from tasks.training.losses.modules import BalancedClipLoss, BatchRegulariser, TregLoss
from tasks.training.losses.tiled import tiled_balanced_loss
from tasks.training.losses.views.barlow_twins import barlow_twins
from tasks.training.losses.views.clustering import (
    balanced_assignments,
    centred_assignments,
    moved_centre,
    swapped_prediction,
)
from tasks.training.losses.views.nt_xent import nt_xent
from tasks.training.losses.views.vicreg_loss import vicreg_loss
from tasks.training.losses.views.zero_cl import zero_cl
from tasks.training.regularisers.koleo import koleo
from tasks.training.regularisers.sigreg import sigreg
from tasks.training.regularisers.uniformity import uniformity
from tasks.training.regularisers.vicreg import variance_covariance
from tasks.training.regularisers.wasserstein import wasserstein_uniformity
from tasks.training.selfsupervised.methods import Method


def in_tiles(image: torch.Tensor, text: torch.Tensor, scale: torch.Tensor, *, steps: int) -> torch.Tensor:
    """The loss that holds no matrix, each rank its own rows, five at a time."""
    ranks = all_ranks()
    return tiled_balanced_loss(image, ranks.gather(text), scale, steps, ranks, tile=5)


CASES = {
    **{f"k={steps} in tiles": partial(in_tiles, steps=steps) for steps in (0, 1, 2, 5)},
    **{
        f"k={steps} local={local}": BalancedClipLoss(half_steps=steps, local_loss=local)
        for steps in (0, 1, 2, 3, 5)
        for local in (True, False)
    },
    "k=3 beyond the scaling kernel's range": BalancedClipLoss(half_steps=3),
    "surrogate": BalancedClipLoss(half_steps=2, gradient="surrogate"),
}

REGULARISERS = {
    "tregs": TregLoss(0.7, 0.3),
    "koleo": BatchRegulariser(koleo),
    "uniformity": BatchRegulariser(uniformity),
    "wasserstein": BatchRegulariser(wasserstein_uniformity),
    "vicreg": BatchRegulariser(variance_covariance),
    "sigreg": BatchRegulariser(sigreg),
}

OWN_PART = {"tregs of each rank's own": TregLoss(0.7, 0.3, gather=False)}


def clustering(first: torch.Tensor, second: torch.Tensor, step: int, *, half_steps: int | None) -> tuple[torch.Tensor]:
    """The swapped prediction of scores `[b, 8]`; None: of centred ones."""
    views = [first, second]
    if half_steps is None:
        centre = moved_centre(torch.zeros(8).double(), torch.cat(views).detach())
        shares = [centred_assignments(view.detach(), centre) for view in views]
    else:
        shares = [balanced_assignments(view.detach(), epsilon=2, half_steps=half_steps) for view in views]
    return (swapped_prediction((first, second), (shares[0], shares[1])),)


VIEWS = {
    **{loss.__name__: Method(loss) for loss in (nt_xent, barlow_twins, vicreg_loss, zero_cl)},
    **{f"clustering k={steps}": partial(clustering, half_steps=steps) for steps in (0, 1, 2)},
    "clustering, centred": partial(clustering, half_steps=None),
}


def inputs() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pictures and texts `[n, 6]`, a shared encoder `[6, 8]` and the logarithm of the scale."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(24, 6, generator=generator, dtype=torch.float64)
    text = image + 0.5 * torch.randn(24, 6, generator=generator, dtype=torch.float64)
    encoder = torch.randn(6, 8, generator=generator, dtype=torch.float64)
    return image, text, encoder, torch.tensor(3.5, dtype=torch.float64)


def gradients(part: slice) -> dict[str, torch.Tensor]:
    """Value, and gradient by the encoder and by the scale, of every case on a part of the batch."""
    image, text, encoder, scale = inputs()
    results = {}
    for name, loss in CASES.items():
        weights, log_scale = encoder.clone().requires_grad_(), scale.clone().requires_grad_()
        features = [functional.normalize(branch[part] @ weights, dim=1) for branch in (image, text)]
        value = loss(*features, log_scale.exp() * (400.0 if "beyond" in name else 1))
        value.backward()
        results[name] = torch.cat([value.detach()[None], weights.grad.flatten(), log_scale.grad[None]])
    for name, term in (REGULARISERS | OWN_PART).items():
        weights = encoder.clone().requires_grad_()
        value = term(image[part] @ weights)
        value.backward()
        results[name] = torch.cat([value.detach()[None], weights.grad.flatten()])
    for name, measure in VIEWS.items():
        weights = encoder.clone().requires_grad_()
        method = measure.measure if isinstance(measure, Method) else measure
        value = method(image[part] @ weights, text[part] @ weights, 0)[0]
        value.backward()
        results[name] = torch.cat([value.detach()[None], weights.grad.flatten()])
    return results


def starts(step: int) -> bool:
    """Whether the ranks may go on, this one from a step."""
    try:
        require_one_start(step, torch.device("cpu"))
    except EquipoiseError as error:
        assert "their machines do not see the same checkpoint" in str(error)
        return False
    return True


def main() -> None:
    """Run as one rank and save the averages over ranks."""
    rank, size, rendezvous, output = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=size)
    results = gradients(slice(rank * 24 // size, (rank + 1) * 24 // size))
    results["one start"] = torch.tensor([float(starts(7)), float(starts(7 + rank))])
    for values in results.values():
        torch.distributed.all_reduce(values)
        values /= size
    if rank == 0:
        torch.save(results, output)
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
