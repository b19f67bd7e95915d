"""One command from public data to the published file: `python -m qa.training DATA --news CORPUS --near-misses SQUAD`.

Two passes: over all of DATA with the near misses made by rule, then over questions that people wrote to be nearly answerable, of one half
of their articles, with as many of the others. Steps that were done are taken from `--work`; a run that was stopped goes on from there.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer

from qa import reader, weights
from qa.errors import FootnoteError
from qa.settings import Settings
from qa.training import calibrate, export, fit, parity, sources
from qa.training.network import Reader
from qa.training.pair import Pair, shuffled

SECOND_RATE: Final = 4e-5
PASSES: Final = 2
"""Times that the near misses that people wrote are read, each time in other windows."""


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m qa.training", description=__doc__)
    options.add_argument("data", type=Path, help="folder of the training files")
    options.add_argument("--news", type=Path, help="a collection of news articles (rows with text, title, date)")
    options.add_argument("--near-misses", type=Path, help="folder of SQuAD 2.0 questions with their passages")
    options.add_argument("--half", choices=("odd", "even"), default="even", help="articles whose near misses are learned from")
    options.add_argument("--work", type=Path, default=Path(".venv/training"), help="folder of checkpoints")
    options.add_argument("--out", type=Path, default=reader.FILE, help="the file to write")
    options.add_argument("--share", type=float, default=1.0, help="share of each file that is learned from")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--threads", type=int, default=2)
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    given.work.mkdir(parents=True, exist_ok=True)
    settings = Settings()
    try:
        base, words = (weights.fetch(one, settings.cache, settings.weights) for one in (weights.MINILM_FP32, weights.MINILM_TOKENIZER))
        model, told = train(given, Reader(base), fit.tokenizer(words))
    except FootnoteError as error:
        print(f"footnote: {error.line()}", file=sys.stderr)
        return 1
    record = {**told["record"], "base": weights.MINILM_FP32.sha256[:16]}
    held = told["held out"]
    export.export(model, given.out, told["calibration"], {"training": json.dumps(record)})
    print(f"{given.out}: {given.out.stat().st_size / 1e6:.1f} MB, sha256 {hashlib.sha256(given.out.read_bytes()).hexdigest()}")
    print(
        f"agreement with fp32 over {len(held)} pairs of held-out articles: {parity.agreement(model, given.out, held, told['calibration'])}"
    )
    return 0


def train(given: argparse.Namespace, model: Reader, coder: Tokenizer) -> tuple[Reader, Mapping[str, Any]]:
    """The trained network, with its calibration and a record of how it was made."""
    pairs = sources.pairs(given.data, given.news, given.seed, given.share)
    learned = [pair for pair in pairs if not sources.is_held_out(pair)]
    say(f"{len(pairs)} pairs, {len(learned)} of them learned from")
    first = examples(coder, learned)
    model = fit.fit(model, first, given.work / "first.pt", say, seed=given.seed, rate=fit.RATE)
    count = 0
    if given.near_misses is not None:
        near = near_misses(given.near_misses, given.share, given.half)
        count = len(near)
        both = shuffled([*near, *learned[:count]], given.seed)
        say(f"{count} pairs of near misses that people wrote, and as many others")
        model = fit.fit(model, examples(coder, both), given.work / "second.pt", say, seed=given.seed, rate=SECOND_RATE)
    held = examples(coder, [pair for pair in pairs if sources.is_held_out(pair)])
    found = calibrate.calibrated(model, held)
    say(f"calibrated on {len(held)} pairs of held-out articles: {found}")
    record = {
        "seed": given.seed,
        "share": given.share,
        "pairs": len(learned),
        "near misses": count,
        "half": given.half,
    }
    return model, {"calibration": found, "record": record, "held out": held}


def near_misses(folder: Path, share: float, which: sources.Half) -> list[Pair]:
    """Near misses about one half of the articles; the other is what they are measured on."""
    passages = {row["id"]: row for row in rows(folder / "corpus.jsonl")}
    asked = [(passages[row["related_doc_ids"][0]]["title"], row) for row in rows(folder / "questions.jsonl")]
    learned = sources.half((title for title, _ in asked), which)
    questions = [row for title, row in asked if title in learned]
    taken = questions[: max(1, round(len(questions) * share))]
    return [pair for seed in range(PASSES) for pair in sources.near_misses(iter(taken), passages, seed)]


def examples(coder: Tokenizer, pairs: Sequence[Pair]) -> list[fit.Example]:
    return [found for pair in pairs if (found := fit.example(coder, pair)) is not None]


def rows(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    except OSError as error:
        raise FootnoteError(f"Cannot read {path}: {error.strerror}", "Name a folder with a corpus.jsonl and a questions.jsonl.") from error


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
