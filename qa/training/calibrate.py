"""Probabilities out of scores, fitted on articles that were not trained on."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from qa.reader import Calibration
from qa.training.fit import BATCH, Example, tensors
from qa.training.network import Reader


def scores(model: Reader, examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
    """answers (N,) and judgements (N, 3) of examples."""
    model.eval()
    with torch.no_grad():
        found = [model(*tensors(examples[first : first + BATCH])) for first in range(0, len(examples), BATCH)]
    return torch.cat([one.answers for one in found]), torch.cat([one.judgements for one in found])


def calibrated(model: Reader, examples: Sequence[Example]) -> Calibration:
    """Scale and shift of one score (Platt 1999), temperature of three (Guo et al. 2017), by maximum likelihood."""
    answers, judgements = scores(model, examples)
    claim = torch.tensor([one.is_claim for one in examples])
    label = torch.tensor([one.label for one in examples])
    plain = torch.tensor([1.0, 0.0], requires_grad=True)
    log_temperature = torch.zeros((), requires_grad=True)
    optimiser = torch.optim.LBFGS([plain, log_temperature], max_iter=100, line_search_fn="strong_wolfe")

    def wrong() -> Tensor:
        optimiser.zero_grad()
        loss = 1e-3 * ((plain[0] - 1).square() + plain[1].square() + log_temperature.square())  # finite where the scores separate perfectly
        if bool((~claim).any()):
            loss = loss + binary_cross_entropy_with_logits(plain[0] * answers[~claim] + plain[1], label[~claim].float())
        if bool(claim.any()):
            loss = loss + cross_entropy(judgements[claim] / log_temperature.exp(), label[claim])
        loss.backward()
        return loss

    optimiser.step(wrong)
    scale, shift = plain.tolist()
    return Calibration(scale, shift, log_temperature.exp().item())
