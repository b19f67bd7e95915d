"""The embedder: real MiniLM weights, and an Ollama server that is a fake."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from qa import weights
from qa.embed import Embedder, MiniLM, open_embedder, unit
from qa.errors import EngineError, EngineUnreachableError, ModelMissingError, PromptTooLongError, SettingsError, WeightsError
from qa.settings import Settings, load
from qa.types import Span, ignore
from tests.fake_ollama import FakeOllama, Model

SENTENCES = (
    "The US delegation met Pakistan's army chief in Rawalpindi.",
    "American lawmakers held talks with General Asim Munir.",
    "Bake the cake for forty minutes at 180 degrees.",
)


def ollama(server: FakeOllama, name: str = "all-minilm") -> Settings:
    return load(embedder=f"ollama:{name}", model_url=server.url)


def embedding_server() -> FakeOllama:
    return FakeOllama(models={"all-minilm:latest": Model(capabilities=("embedding",), context=256)})


def test_vectors_are_unit_rows(embedder: Embedder) -> None:
    vectors = embedder.embed(SENTENCES)
    assert vectors.shape == (3, embedder.dimensions) == (3, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_likeness_follows_meaning(embedder: Embedder) -> None:
    vectors = embedder.embed(SENTENCES)
    of_fp32 = [[1, 0.345, -0.016], [0.345, 1, -0.041], [-0.016, -0.041, 1]]  # the unquantised model, computed by hand in numpy
    np.testing.assert_allclose(vectors @ vectors.T, of_fp32, atol=0.02)


def test_a_text_has_one_vector_whatever_stands_beside_it(embedder: Embedder) -> None:
    together = embedder.embed(SENTENCES)
    alone = np.concatenate([embedder.embed([text]) for text in SENTENCES])
    np.testing.assert_array_equal(together, alone)


def test_threads_do_not_disturb_each_other(embedder: Embedder) -> None:
    expected = embedder.embed(SENTENCES)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: embedder.embed(SENTENCES), range(8)):
            np.testing.assert_array_equal(vectors, expected)


def test_long_texts_are_read_up_to_512_tokens(embedder: Embedder) -> None:
    long = "army " * 509  # with the two special tokens one short of full
    base, with_last, cut = embedder.embed([long, long + "cake", long + "cake " * 200])
    assert not np.array_equal(base, with_last)
    np.testing.assert_array_equal(with_last, cut)


# The parts of a text


def place(text: str, *parts: str) -> list[Span]:
    """Where each part first stands in the text after the one before it."""
    spans: list[Span] = []
    for part in parts:
        start = text.index(part, spans[-1].end if spans else 0)
        spans.append(Span(start, start + len(part)))
    return spans


def test_parts_are_unit_rows_below_that_of_their_text(embedder: Embedder) -> None:
    text = " ".join(SENTENCES)
    vectors = embedder.embed_parts(text, place(text, *SENTENCES))
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(vectors[0], embedder.embed([text])[0], atol=1e-6)
    likeness = vectors[1:] @ embedder.embed(SENTENCES).T
    assert likeness.argmax(axis=1).tolist() == [0, 1, 2]


def test_a_text_without_parts_has_its_own_vector_only(embedder: Embedder) -> None:
    np.testing.assert_allclose(embedder.embed_parts(SENTENCES[0], []), embedder.embed(SENTENCES[:1]), atol=1e-6)
    assert embedder.embed_parts("", [Span(0, 0)]).shape == (2, 384)


@pytest.mark.parametrize(
    ("before", "sentence", "question"),
    [
        ("Maria Lund met Oskar Berg.", "He resigned in May.", "When did Oskar Berg resign?"),
        ("Oskar Berg led the harbour board for nine years.", "He resigned in May.", "Who left the harbour board?"),
        ("Volcanoes on Iceland erupt often.", "They last did so in May.", "When did volcanoes last erupt on Iceland?"),
    ],
)
def test_a_part_knows_what_its_pronouns_mean(embedder: Embedder, before: str, sentence: str, question: str) -> None:
    text = f"{before} {sentence}"
    in_context = embedder.embed_parts(text, place(text, sentence))[1]
    alone, asked = embedder.embed([sentence, question])
    assert float(in_context @ alone) < 0.9
    assert float(in_context @ asked) > float(alone @ asked) + 0.1  # by 0.18 to 0.53 as measured


def test_a_part_beyond_the_cut_gets_the_vector_of_the_whole(embedder: Embedder) -> None:
    text = "army " * 509 + "cake " * 3  # the first cake is the last word that is read
    vectors = embedder.embed_parts(text, place(text, "cake", "cake", "cake"))
    assert float(vectors[1] @ vectors[0]) < 0.99
    np.testing.assert_array_equal(vectors[2], vectors[0])
    np.testing.assert_array_equal(vectors[3], vectors[0])
    np.testing.assert_allclose(vectors[0], embedder.embed([text])[0], atol=1e-6)


@pytest.mark.parametrize("blank", [" \n\t ", " ", ""])
def test_a_part_of_blanks_gets_the_vector_of_the_whole(embedder: Embedder, blank: str) -> None:
    text = f"The army marched.{blank}  Bake the cake."
    start = text.index(".") + 1
    vectors = embedder.embed_parts(text, [Span(start, start + len(blank)), Span(start, len(text))])
    np.testing.assert_array_equal(vectors[1], vectors[0])
    assert not np.array_equal(vectors[2], vectors[0])


def test_the_places_of_parts_count_characters(embedder: Embedder) -> None:
    sentences = "{0} {1} runs the {2}.", "She met the army's chief.", "{0} Bake the {2} for an hour."
    plain, marked = (
        [sentence.format(*words) for sentence in sentences]
        for words in (("\U0001f600", "Zoe", "cafe"), ("\U0001f469\u200d\U0001f469\u200d\U0001f467", "Zoë", "cafe\u0301"))
    )  # to this model each of these emoji is an unknown word, and marks above letters are nothing
    expected, vectors = (embedder.embed_parts(" ".join(parts), place(" ".join(parts), *parts)) for parts in (plain, marked))
    np.testing.assert_array_equal(vectors, expected)
    assert len({row.tobytes() for row in vectors}) == 4


def test_tokens_include_the_special_ones(embedder: Embedder) -> None:
    assert embedder.count("") == 2
    assert embedder.count("Rawalpindi") > embedder.count("army") == 3
    assert embedder.limit == 256


def test_empty_text_has_a_vector(embedder: Embedder) -> None:
    assert np.linalg.norm(embedder.embed([""])[0]) == pytest.approx(1, abs=1e-6)


def test_fingerprint_names_model_digest_dimensions_and_pooling(embedder: Embedder) -> None:
    assert embedder.fingerprint == f"all-minilm-l6-v2-int8:{weights.MINILM.sha256[:12]}:384:mean:parts-in-context"


def test_digest_is_computed_where_it_is_not_given(embedder: Embedder, files: Settings) -> None:
    model, tokenizer = (weights.fetch(one, files.cache, files.weights, ignore) for one in (weights.MINILM, weights.MINILM_TOKENIZER))
    assert MiniLM(model, tokenizer, threads=1).fingerprint == embedder.fingerprint


def test_broken_files_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "model.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(WeightsError, match="cannot be loaded"):
        MiniLM(broken, broken, threads=1).load()


@pytest.mark.parametrize("vectors", [[[0.0, 0.0]], [[float("nan"), 1.0]], [[float("inf"), 1.0]]])
def test_vectors_without_direction_are_refused(vectors: list[list[float]]) -> None:
    with pytest.raises(EngineError, match="without direction"):
        unit(np.array(vectors, dtype=np.float32))


@pytest.mark.parametrize("name", ["", "minilm", "ollama", "ollama:", "openai:ada"])
def test_unknown_embedders_are_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="no embedder"):
        open_embedder(Settings(embedder=name), ignore)


def test_importing_the_embedder_imports_no_langchain() -> None:
    check = (
        "import sys, qa.embed; sys.exit(', '.join(name for name in sys.modules if name.partition('.')[0] in {'langchain_core', 'ollama'}))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False, capture_output=True, text=True).stderr.strip() == ""


def test_what_runs_the_models_keeps_no_account_of_us(tmp_path: Path, files: Settings) -> None:
    """Of what onnxruntime would report it keeps a database in the user's cache folder; its uploads begin with that."""
    code = """
import sys
from pathlib import Path
from qa.embed import open_embedder
from qa.settings import Settings
from qa.types import ignore
open_embedder(Settings(cache=Path(sys.argv[1]), weights=Path(sys.argv[2]) if sys.argv[2] else None), ignore).embed(["Anything."])
"""
    places = (str(files.cache), str(files.weights or ""))
    ours = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(Path(__file__).parent.parent)}
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"} | ours
    subprocess.run([sys.executable, "-c", code, *places], env=environment, check=True, timeout=240)
    assert list(tmp_path.rglob("*")) == []


def test_ollama_embeds_in_order_and_in_parts() -> None:
    texts = [f"{letter}{number}" for number in range(10) for letter in "abcdefg"]
    with embedding_server() as server:
        found = open_embedder(ollama(server), ignore)
        vectors = found.embed(texts)
        asked = [body for path, body in server.requests if path == "/api/embed"]
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert [int(row.argmax()) for row in vectors] == [ord(text[0]) % 8 for text in texts]
    assert [len(body["input"]) for body in asked] == [1, 32, 32, 6]


def test_ollama_embedder_is_known_by_its_digest() -> None:
    with embedding_server() as server:
        found = open_embedder(ollama(server), ignore)
    assert found.fingerprint == "ollama:all-minilm:616c6c2d6d69:8:ollama:parts-alone"
    assert found.dimensions == 8
    assert found.limit == 170
    assert found.embed([]).shape == (0, 8)


def test_ollama_reads_each_part_alone() -> None:
    text = "Alpha alpha.   Beta boats bring beer. "
    spans = [Span(0, 12), Span(12, 15), Span(14, len(text))]
    with embedding_server() as server:
        found = open_embedder(ollama(server), ignore)
        vectors = found.embed_parts(text, spans)
        expected = found.embed([text, "Alpha alpha.", text, "Beta boats bring beer."])
        asked = [body["input"] for path, body in server.requests if path == "/api/embed"]
    assert asked[1] == asked[2] == [text, "Alpha alpha.", text, "Beta boats bring beer."]  # a part without a word: the whole
    assert vectors.shape == (4, 8)
    np.testing.assert_array_equal(vectors, expected)


def test_ollama_never_cuts_a_text() -> None:
    with embedding_server() as server:
        found = open_embedder(ollama(server), ignore)
        with pytest.raises(PromptTooLongError, match="context length"):
            found.embed(["word " * 300])


def test_missing_embedder_is_pulled() -> None:
    told: list[tuple[str, int, int]] = []
    with FakeOllama(models={}, library={"all-minilm": Model(capabilities=("embedding",))}) as server:
        found = open_embedder(ollama(server), lambda *step: told.append(step))
        assert found.embed(["word"]).shape == (1, 8)
    assert told[-1] == ("pulling all-minilm", 200, 200)


def test_embedder_that_cannot_be_pulled_is_missing() -> None:
    with FakeOllama() as server, pytest.raises(ModelMissingError, match="file does not exist") as caught:
        open_embedder(ollama(server), ignore)
    assert "ollama pull all-minilm" in caught.value.hint


def test_ollama_that_does_not_answer_is_unreachable() -> None:
    with embedding_server() as server:
        settings = ollama(server)
    with pytest.raises(EngineUnreachableError):
        open_embedder(settings, ignore)
