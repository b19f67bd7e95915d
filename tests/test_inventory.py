"""Which models there are, what they take, and which is recommended: over made up machines, fake servers and damaged files."""

from contextlib import closing
from pathlib import Path

import pytest

from qa import weights
from qa.gguf import Value
from qa.installed import inventory
from qa.inventory import ENGINE, FOOTNOTE, KNOWN, InstalledModel, Score, Shape, memory_needed, recommend, shape
from qa.listing import ModelsForm, models_text
from qa.llama import LlamaServer
from qa.memory import available
from qa.models import open_language_model
from qa.settings import Settings, load
from qa.types import ignore
from tests.fake_ollama import FakeOllama, Model, closed_port
from tests.test_gguf import gguf, pair

GIGABYTE = 1_000_000_000
QWEN3: dict[str, Value] = {
    "general.architecture": "qwen3",
    "qwen3.block_count": 36,
    "qwen3.attention.head_count": 32,
    "qwen3.attention.head_count_kv": 8,
    "qwen3.attention.key_length": 128,
    "qwen3.attention.value_length": 128,
    "qwen3.embedding_length": 2560,
    "qwen3.context_length": 40_960,
    "tokenizer.ggml.pre": "qwen2",
}


def test_the_cache_of_keys_and_values_is_reckoned_from_the_shape() -> None:
    qwen3 = shape(QWEN3)
    assert qwen3 == Shape(36, 8, 128, 128, 40_960)
    assert qwen3.cache(4096, 1) == 2 * 36 * 8 * 128 * 2 * 4096
    assert qwen3.cache(4096, 3) == 3 * qwen3.cache(4096, 1)
    assert qwen3.cache(100_000, 1) == qwen3.cache(40_960, 1)  # it is loaded with no more than it was trained on


def test_what_a_shape_is_not_told_follows_from_the_rest() -> None:
    told = {key: value for key, value in QWEN3.items() if "length" not in key or "embedding" in key}
    assert shape(told) == Shape(36, 8, 80, 80, 0)
    assert shape(told | {"qwen3.attention.head_count_kv": [8, 0, 8]}) == Shape(36, 32, 80, 80, 0)
    assert shape({"general.architecture": "qwen3"}) is None
    assert shape({}) is None
    assert memory_needed(10, None, 4096, 1) == memory_needed(0, shape(QWEN3), 4096, 1) == 0


def model(name: str, memory: int, fits: bool | None, score: Score | None = None, remedy: str = "") -> InstalledModel:
    return InstalledModel(name, "ollama", "language", memory // 2, True, 8192, memory, fits, score, remedy)


BAD, GOOD = Score(20, 48, 12, 24, "A.md"), Score(36, 48, 23, 24, "TRUST.md")


@pytest.mark.parametrize(
    ("models", "name", "reason"),
    [
        ([model("a", 5, True), model("b", 3, True, BAD), model("c", 4, True, GOOD)], "c", "36 of 48 gold questions right"),
        ([model("a", 5, True), model("b", 3, True, BAD), model("c", 4, False, GOOD)], "b", "(A.md)"),
        ([model("a", 5, True), model("d", 3, True), model("c", 4, False, GOOD)], "a", "none that fits has been measured"),
        ([model("a", 5, True, remedy="Mend it."), model("d", 3, True)], "d", "the largest"),
        ([model("c", 7_000_000, False, GOOD), model("d", 4_000_000, False)], "", "d would with 3 MB more"),
        ([model("a", 0, None)], "", "of no model here"),
        ([], "", "of no model here"),
    ],
)
def test_recommended_is_the_best_measured_that_fits(models: list[InstalledModel], name: str, reason: str) -> None:
    found = recommend(models, available=1_000_000)
    assert found.name == name
    assert reason in found.reason


def test_an_embedder_is_never_recommended() -> None:
    embedder = InstalledModel("e", "ollama", "embedder", 1, True, fits=True)
    assert recommend([embedder], GIGABYTE).name == ""


@pytest.mark.parametrize(
    ("free", "fits", "name"),
    [(8 * GIGABYTE, [True, True], "embedded"), (GIGABYTE, [False, True], "embedded:smollm2"), (0, [False] * 2, "")],
)
def test_our_own_models_are_recommended_by_the_memory_there_is(tmp_path: Path, free: int, fits: list[bool], name: str) -> None:
    found = inventory(load(model_url=closed_port(), cache=tmp_path), free)
    assert [one.fits for one in found.models[:2]] == fits
    assert found.recommended.name == name
    assert [one.present for one in found.models[:2]] == [False, False]
    assert "to be fetched" in models_text(found)


def test_slots_and_context_count() -> None:
    small = inventory(load(model_url=closed_port(), context=2048), GIGABYTE).models[0].memory
    large = inventory(load(model_url=closed_port(), context=8192, slots=4), GIGABYTE).models[0].memory
    assert large - small == KNOWN["embedded"].shape.cache(1, 1) * (8192 * 4 - 2048)
    assert small == 1_117_320_768 + KNOWN["embedded"].shape.cache(2048, 1) + ENGINE + FOOTNOTE


def test_the_figures_are_those_that_the_document_has() -> None:
    text = (Path(__file__).parent.parent / "TRUST.md").read_text(encoding="utf-8")
    for known in KNOWN.values():
        if score := known.score:
            told = f"{score.right} of {score.answerable} right, {score.withheld} of {score.unanswerable} withheld"
            assert score.source == "TRUST.md"
            assert told in text


def test_models_of_ollama_are_listed_with_what_they_take_and_lack() -> None:
    models = {
        "qwen3:4b": Model(size=2_600_000_000, context=40_960, facts=QWEN3),
        "bare:latest": Model(template="{{ .Prompt }}", facts={"tokenizer.ggml.pre": "qwen2"}),
        "minilm:latest": Model(capabilities=("embedding",), template="{{ .Prompt }}"),
    }
    with FakeOllama(models=models) as server:
        found = inventory(load(model_url=server.url), 6 * GIGABYTE)
    of_server = {one.name: one for one in found.models if one.engine == "ollama"}
    assert of_server["ollama:qwen3:4b"].fits
    assert of_server["ollama:qwen3:4b"].context == 40_960
    assert of_server["ollama:qwen3:4b"].memory == 2_600_000_000 + 36 * 8 * 512 * 4096 + ENGINE + FOOTNOTE
    assert "ollama create bare-chat" in of_server["ollama:bare:latest"].remedy
    assert of_server["ollama:bare:latest"].fits is None  # it does not tell enough of itself
    assert of_server["ollama:minilm:latest"].kind == "embedder"
    assert of_server["ollama:minilm:latest"].remedy == ""
    text = models_text(found)
    assert "    has no chat template. Run `printf 'FROM bare:latest" in text
    assert found.recommended.name == "embedded"
    form = ModelsForm.of(found).model_dump()
    assert form["models"][0]["score"] == {"right": 36, "answerable": 48, "withheld": 23, "unanswerable": 24, "source": "TRUST.md"}


def test_models_of_a_compatible_server_are_listed() -> None:
    with FakeOllama() as server:
        found = inventory(load(model="openai:x", model_url=f"{server.url}/v1"), 6 * GIGABYTE)
    (one,) = (one for one in found.models if one.engine == "openai")
    assert (one.name, one.context, one.fits) == ("openai:llama3.2:latest", 8192, None)
    assert found.absent == ()


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"model_url": closed_port()}, "nobody answers. Start it with `ollama serve`"),
        ({"model": "openai:x", "model_url": closed_port()}, "Check FOOTNOTE_MODEL_URL"),
        ({"model": "openai:x"}, "address of the server of x is missing"),
        ({"model": "embedded:absent.gguf", "model_url": closed_port()}, "absent.gguf cannot be read"),
    ],
)
def test_what_does_not_answer_is_told_in_a_line(wanted: dict[str, str], told: str) -> None:
    found = inventory(load(**wanted), GIGABYTE)
    (line,) = found.absent
    assert told in line
    assert line in models_text(found)
    assert {one.engine for one in found.models} == {"embedded"}


def test_a_file_of_the_user_is_listed_by_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "own.gguf"
    pairs = [pair(key, value) for key, value in QWEN3.items()]
    path.write_bytes(gguf([*pairs, pair("tokenizer.chat_template", "{{ messages }}")]))
    wanted = load(model=f"embedded:{path}", model_url=closed_port())
    own = next(one for one in inventory(wanted, GIGABYTE).models if "own" in one.name)
    assert (own.name, own.context, own.fits, own.remedy) == (f"embedded:{path}", 40_960, False, "")
    path.write_bytes(gguf(pairs))
    own = next(one for one in inventory(wanted, GIGABYTE).models if "own" in one.name)
    assert "gguf-new-metadata" in own.remedy


def group(folder: Path, names: tuple[str, str, str], limit: str, used: int, cache: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {cache}\n")


V2 = ("memory.max", "memory.current", "inactive_file")
V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def told(root: Path, line: str) -> int:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(line)
    return available(root)


def test_a_limit_of_the_container_counts(tmp_path: Path) -> None:
    group(tmp_path / "sys/fs/cgroup/a", V2, "900", 500, 0)
    group(tmp_path / "sys/fs/cgroup/a/b", V2, "max", 500, 100)
    assert told(tmp_path, "0::/a/b\n") == 400


def test_the_path_of_a_container_may_be_called_otherwise_outside(tmp_path: Path) -> None:
    group(tmp_path / "sys/fs/cgroup/memory", V1, "1000", 800, 300)
    assert told(tmp_path, "5:cpu:/\n4:memory:/docker/abc\n0::/\n") == 500


def test_without_a_limit_the_system_tells(tmp_path: Path) -> None:
    group(tmp_path / "sys/fs/cgroup/a", V2, "max", 500, 0)
    assert 10_000_000 < told(tmp_path, "0::/a\n") < 1 << 50
    assert 10_000_000 < available(tmp_path / "nothing") < 1 << 50


def test_no_more_than_nothing_is_left(tmp_path: Path) -> None:
    group(tmp_path / "sys/fs/cgroup", V2, "100", 500, 0)
    assert told(tmp_path, "0::/\n") == 0


def test_a_real_llama_server_tells_what_its_model_is(files: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    server = LlamaServer(weights.fetch(weights.SMOLLM2, files.cache, files.weights), context=512, threads=1)
    with closing(server):
        server.wait()
        monkeypatch.setenv("OPENAI_API_KEY", server.key)
        found = inventory(load(model="openai:x", model_url=f"{server.client.base_url}/v1"), GIGABYTE)
    (one,) = (one for one in found.models if one.engine == "openai")
    assert one.context == 8192
    assert one.size == pytest.approx(weights.SMOLLM2.size, rel=0.05)


def test_what_is_listed_as_ours_can_be_opened(files: Settings) -> None:
    """The value in the first column is one of FOOTNOTE_MODEL."""
    one = next(one for one in inventory(files.model_copy(update={"model_url": closed_port()})).models if one.name.endswith("smollm2"))
    opened = open_language_model(files.model_copy(update={"model": one.name, "context": 512}), ignore)
    opened.close()
    assert opened.name == "embedded:smollm2-135m"
