"""Pairs → a trained network: seeded, in batches of like length, resumable from its last checkpoint."""

import hashlib
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from qa.reader import MOST_ASKED, joined
from qa.training.network import Reader, Scores
from qa.training.pair import Pair

LENGTH: Final = 128
"""Tokens of a pair, at most."""
BATCH: Final = 32
RATE: Final = 1e-4
WARM: Final = 0.06
"""Share of the steps in which the rate rises; it falls in a straight line after that."""
BLOCK: Final = 100
"""Batches among which pairs are sorted by length, so that little is padded."""
STEP: Final = 16
"""Batches are as long as a multiple of so many tokens: each new shape costs the processor's library a new kernel."""
KEEP: Final = 200
"""Steps between checkpoints."""


@dataclass(frozen=True, slots=True)
class Example:
    """A pair in tokens; `start` 0 where no answer is known."""

    ids: Sequence[int]
    kinds: Sequence[int]
    start: int
    end: int
    is_claim: bool
    label: int


def tokenizer(file: Path) -> Tokenizer:
    """The base's tokenizer, cutting the longer text where a pair is longer than LENGTH tokens."""
    found = Tokenizer.from_file(str(file))
    found.no_padding()
    found.enable_truncation(LENGTH, strategy="longest_first")
    return found


def example(coder: Tokenizer, pair: Pair) -> Example | None:
    """The pair in tokens; None where its first text leaves no room, or its answer was cut off."""
    text, offset = joined(pair.context, pair.text)
    coded = coder.encode(pair.asked[:MOST_ASKED], text)
    start = end = 0
    if pair.start >= 0:
        for i, ((first, last), kind) in enumerate(zip(coded.offsets, coded.type_ids, strict=True)):
            if kind == 1 and last > first:
                start = i if first <= pair.start + offset < last else start
                end = i if first < pair.end + offset <= last else end
        if not start or end < start:
            return None
    return Example(coded.ids, coded.type_ids, start, end, pair.task == "judge", pair.label)


def batches(examples: Sequence[Example], seed: int) -> list[Sequence[Example]]:
    """Batches of like length in an order that the seed decides."""
    rng = random.Random(seed)
    made: list[Sequence[Example]] = []
    for first in range(0, len(examples), BATCH * BLOCK):
        block = sorted(examples[first : first + BATCH * BLOCK], key=lambda one: len(one.ids))
        cut = [block[i : i + BATCH] for i in range(0, len(block), BATCH)]
        rng.shuffle(cut)
        made += cut
    return made


def tensors(batch: Sequence[Example], step: int = STEP) -> tuple[Tensor, Tensor, Tensor]:
    """ids, mask and kinds of a batch, each of shape (B, L), L a multiple of `step`."""
    length = -(-max(len(one.ids) for one in batch) // step) * step
    ids, mask, kinds = torch.zeros(3, len(batch), length, dtype=torch.long)
    for i, one in enumerate(batch):
        ids[i, : len(one.ids)], mask[i, : len(one.ids)], kinds[i, : len(one.ids)] = torch.tensor(one.ids), 1, torch.tensor(one.kinds)
    return ids, mask, kinds


def loss(scores: Scores, batch: Sequence[Example]) -> Tensor:
    """Cross-entropy of every head over the pairs that it is about, averaged over the batch."""
    claim = torch.tensor([one.is_claim for one in batch])
    label = torch.tensor([one.label for one in batch])
    starts, ends = torch.tensor([one.start for one in batch]), torch.tensor([one.end for one in batch])
    total = torch.zeros(())
    if bool((~claim).any()):
        total = total + binary_cross_entropy_with_logits(scores.answers[~claim], label[~claim].float(), reduction="sum")
    if bool(claim.any()):
        total = total + cross_entropy(scores.judgements[claim], label[claim], reduction="sum")
    located = starts > 0
    if bool(located.any()):
        for logits, place in ((scores.starts, starts), (scores.ends, ends)):
            total = total + cross_entropy(logits[located], place[located], reduction="sum")
    return total / len(batch)


@dataclass(frozen=True, slots=True)
class Course:
    """A network with what changes it: its optimiser, and the rate from step to step."""

    model: Reader
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    total: int
    lesson: str

    def step(self, batch: Sequence[Example]) -> float:
        """The loss over one batch, from which the network has learned."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores = self.model(*tensors(batch))
        wrong = loss(scores, batch)
        wrong.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.optimiser.zero_grad()
        return float(wrong.item())


def fit(
    model: Reader, examples: Sequence[Example], checkpoint: Path, told: Callable[[str], None], *, seed: int, rate: float = RATE
) -> Reader:
    """One pass over the examples. A run that was stopped goes on from `checkpoint`, which belongs to these examples and this seed."""
    torch.manual_seed(seed)
    order = batches(examples, seed)
    course = _course(model, rate, len(order), _lesson(order))
    done = _resumed(course, checkpoint)
    began, seen, sums = time.perf_counter(), 0, 0.0
    model.train()
    for k in range(done, course.total):
        sums += course.step(order[k])
        seen += len(order[k])
        last = k + 1 == course.total
        if (k + 1) % 100 == 0 or last:
            told(f"{k + 1} of {course.total} batches, loss {sums / (k % 100 + 1):.3f}, {seen / (time.perf_counter() - began):.0f} pairs/s")
            sums = 0.0
        if (k + 1) % KEEP == 0 or last:
            _keep(course, checkpoint, k + 1)
    return model


def _lesson(order: Sequence[Sequence[Example]]) -> str:
    """Digest of what is learned, in its order: a checkpoint of anything else must not be gone on from."""
    told = hashlib.sha256()
    for batch in order:
        told.update(repr([(one.ids, one.start, one.end, one.is_claim, one.label) for one in batch]).encode())
    return told.hexdigest()


def _course(model: Reader, rate: float, total: int, lesson: str) -> Course:
    learning = [one for one in model.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=rate, weight_decay=0.01, fused=True)
    warm = max(1, round(total * WARM))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda k: min((k + 1) / warm, max(0.0, (total - k) / max(1, total - warm))))
    return Course(model, optimiser, schedule, total, lesson)


def _keep(course: Course, path: Path, done: int) -> None:
    state = {
        "model": course.model.state_dict(),
        "optimiser": course.optimiser.state_dict(),
        "schedule": course.schedule.state_dict(),
        "done": done,
        "lesson": course.lesson,
    }
    new = path.with_suffix(".new")
    torch.save(state, new)
    new.replace(path)


def _resumed(course: Course, path: Path) -> int:
    """Steps that were done, after which the course stands as it stood then; 0 where none were kept."""
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    if state["lesson"] != course.lesson:
        return 0
    course.model.load_state_dict(state["model"])
    course.optimiser.load_state_dict(state["optimiser"])
    course.schedule.load_state_dict(state["schedule"])
    return int(state["done"])
