"""The network on a few invented pairs, from training to the file that the product reads. Only where the extra `train` is installed."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import weights
from qa.errors import FootnoteError
from qa.reader import VERDICTS, Calibration, Text
from qa.reader import Reader as Product
from qa.settings import Settings
from qa.training import sources
from qa.training.pair import Pair
from tests import training_sample

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("onnx")

import torch

from qa.training import calibrate, export, fit
from qa.training.network import Reader

CALIBRATION = Calibration(1.5, -0.25, 2.0)
STEPS = 5


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokenizer(files: Settings) -> Path:
    return weights.fetch(weights.MINILM_TOKENIZER, files.cache, files.weights)


@pytest.fixture(scope="module")
def base(files: Settings) -> Path:
    return weights.fetch(weights.MINILM_FP32, files.cache, files.weights)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    folder = tmp_path_factory.mktemp("training")
    return sources.pairs(training_sample.files(folder / "train", 2), training_sample.news(folder / "news.jsonl", 2), 1)


@pytest.fixture(scope="module")
def examples(pairs: list[Pair], tokenizer: Path) -> list[fit.Example]:
    coder = fit.tokenizer(tokenizer)
    found = [made for pair in pairs if (made := fit.example(coder, pair)) is not None]
    return found[: STEPS * 4]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of four pairs, and a checkpoint after every second."""
    monkeypatch.setattr(fit, "BATCH", 4)
    monkeypatch.setattr(fit, "KEEP", 2)


class StoppedError(Exception):
    """The run was stopped from outside."""


def stopped(text: str) -> None:
    raise StoppedError(text)


def state(model: Reader) -> dict[str, object]:
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.fixture(scope="module")
def trained(base: Path, examples: list[fit.Example], tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """A network that has learned from all examples in one go."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "BATCH", 4)
        torch.manual_seed(3)
        return fit.fit(Reader(base), examples, tmp_path_factory.mktemp("whole") / "whole.pt", print, seed=1)


def test_a_run_that_was_stopped_ends_as_one_that_was_not(
    base: Path, examples: list[fit.Example], trained: Reader, tmp_path: Path, small: None
) -> None:
    torch.manual_seed(3)
    with pytest.raises(StoppedError, match=f"{STEPS} of {STEPS} batches"):
        fit.fit(Reader(base), examples, tmp_path / "run.pt", stopped, seed=1)
    kept = torch.load(tmp_path / "run.pt", weights_only=True)
    assert kept["done"] == STEPS - 1
    told: list[str] = []
    resumed = fit.fit(Reader(base), examples, tmp_path / "run.pt", told.append, seed=1)
    assert len(told) == 1
    expected = state(trained)
    assert all(torch.equal(value, expected[name]) for name, value in state(resumed).items())
    assert not all(torch.equal(value, expected[name]) for name, value in kept["model"].items())
    again = fit.fit(Reader(base), examples, tmp_path / "run.pt", stopped, seed=1)
    assert all(torch.equal(value, expected[name]) for name, value in state(again).items())


def test_the_word_embeddings_stay_as_they_are(base: Path, trained: Reader) -> None:
    fresh, learned = state(Reader(base)), state(trained)
    frozen = {name for name in fresh if name.startswith("bert.embeddings")}
    assert frozen
    assert all(torch.equal(fresh[name], learned[name]) for name in frozen)
    assert all(not torch.equal(fresh[name], learned[name]) for name in fresh if name.endswith("query.weight"))


def test_an_example_points_at_the_tokens_of_its_answer(pairs: list[Pair], tokenizer: Path) -> None:
    coder = fit.tokenizer(tokenizer)
    located = [pair for pair in pairs if pair.start >= 0]
    assert located
    for pair in located:
        made = fit.example(coder, pair)
        assert made is not None
        said = coder.decode(made.ids[made.start : made.end + 1])
        assert "".join(said.split()) == "".join(pair.text[pair.start : pair.end].casefold().split())


def test_the_file_says_what_the_network_says(trained: Reader, pairs: list[Pair], tokenizer: Path, tmp_path: Path) -> None:
    export.export(trained, tmp_path / "plain.onnx", CALIBRATION, {"training": "{}"}, int8=False)
    plain = Product(tmp_path / "plain.onnx", tokenizer, 1)
    assert plain.calibration == CALIBRATION
    agreed(trained, plain, pairs[:24], tokenizer, 1e-3)
    plain.close()


def test_the_small_file_says_nearly_the_same(trained: Reader, pairs: list[Pair], tokenizer: Path, tmp_path: Path) -> None:
    told = {"training": json.dumps({"seed": 1})}
    export.export(trained, tmp_path / "small.onnx", CALIBRATION, told)
    assert (tmp_path / "small.onnx").stat().st_size < 25_000_000
    small = Product(tmp_path / "small.onnx", tokenizer, 1)
    assert small.calibration == CALIBRATION
    assert {"calibration", "training"} <= set(small._session.get_modelmeta().custom_metadata_map)
    agreed(trained, small, pairs[:24], tokenizer, 0.1)
    small.close()


def agreed(model: Reader, product: Product, pairs: list[Pair], tokenizer: Path, far: float) -> None:
    """Hold the probabilities of both against each other, and their verdicts where these are not a close call."""
    coder = fit.tokenizer(tokenizer)
    for pair in pairs:
        made = fit.example(coder, pair)
        assert made is not None
        answers, judgements = calibrate.scores(model, [made])
        text = Text(pair.text, pair.context)
        (read,), (judged,) = product.read(pair.asked, [text]), product.judge(pair.asked, [text])
        answers = torch.sigmoid(CALIBRATION.scale * answers[0] + CALIBRATION.shift).item()
        shares = torch.softmax(judgements[0] / CALIBRATION.temperature, 0).tolist()
        assert read.answers == pytest.approx(answers, abs=far)
        assert [judged.supported, judged.contradicted, judged.unsettled] == pytest.approx(shares, abs=far)
        first, second, _ = sorted(shares, reverse=True)
        if first - second > 2 * far:
            assert judged.verdict == VERDICTS[shares.index(first)]


def test_calibration_makes_the_scores_likelier(trained: Reader, examples: list[fit.Example]) -> None:
    found = calibrate.calibrated(trained, examples)
    assert all(map(math.isfinite, (found.scale, found.shift, found.temperature)))
    assert wrong(trained, examples, found) <= wrong(trained, examples, Calibration()) + 1e-6


def wrong(model: Reader, examples: list[fit.Example], calibration: Calibration) -> float:
    """Negative log-likelihood of what is true, averaged over the questions and over the claims."""
    answers, judgements = calibrate.scores(model, examples)
    questions = [
        torch.nn.functional.softplus(-(2 * one.label - 1) * (calibration.scale * answers[i] + calibration.shift)).item()
        for i, one in enumerate(examples)
        if not one.is_claim
    ]
    claims = [
        -torch.log_softmax(judgements[i] / calibration.temperature, 0)[one.label].item() for i, one in enumerate(examples) if one.is_claim
    ]
    return float(sum(questions) / len(questions) + sum(claims) / len(claims))


def test_a_folder_without_near_misses_is_told_in_one_line(tmp_path: Path) -> None:
    from qa.training.__main__ import near_misses

    with pytest.raises(FootnoteError) as error:
        near_misses(tmp_path, 1.0, "even")
    assert "corpus.jsonl" in error.value.line()
    assert "\n" not in error.value.line()


def test_near_misses_are_learned_from_one_half_of_the_articles(tmp_path: Path) -> None:
    from qa.training.__main__ import near_misses

    halves: tuple[sources.Half, sources.Half] = ("odd", "even")
    folder = training_sample.near(tmp_path / "near", 12)
    one, other = ({pair.group for pair in near_misses(folder, 1.0, half)} for half in halves)
    assert one
    assert other
    assert not one & other
