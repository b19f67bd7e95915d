"""What `docker compose up` would do, as far as it can be known without a container engine: the rules that compose.yaml and the Dockerfile
keep, and the very commands of their services, started on loopback and asked a question."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import jsonschema
import pytest

from qa.doctor import needed
from qa.settings import PREFIX, Settings
from qa.weights import fetch
from tests.composed import Stage, composition, let_through, placed, stages
from tests.live_ollama import LiveOllama, find_program, free_port
from tests.processes import CHECKOUT, LETTER, PATIENCE, QUESTION
from tests.test_architecture import tracked

TOKEN: Final = "a-token-for-tests"
SCHEMA: Final = "github.com/compose-spec/compose-go/v2@v2.9.1"
RUNNING: Final = ("ollama", "chroma", "footnote")  # what goes on running
PINNED: Final = re.compile(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return composition({"FOOTNOTE_TOKEN": TOKEN})


@pytest.fixture(scope="module")
def services(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = document["services"]
    return found


@pytest.fixture(scope="module")
def final() -> Stage:
    return stages()[-1]


def versions(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", (CHECKOUT / lock).read_text(encoding="utf-8"), re.MULTILINE))


# compose.yaml


def test_compose_knows_every_word_of_it(document: dict[str, Any]) -> None:
    """By the schema of the Compose specification, which Compose itself is built with."""
    if not shutil.which("go"):
        pytest.skip("There is no Go to get the schema of compose.yaml with")
    told = subprocess.run(["go", "mod", "download", "-json", SCHEMA], cwd="/", capture_output=True, check=False, timeout=PATIENCE)
    if told.returncode:
        pytest.skip(f"The schema of compose.yaml cannot be had: {told.stderr.decode()}")
    schema = Path(json.loads(told.stdout)["Dir"]) / "schema" / "compose-spec.json"
    jsonschema.Draft7Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(document)


def test_only_loopback_reaches_it(services: dict[str, dict[str, Any]], document: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published == ["127.0.0.1:7860:7860"]
    assert services["chroma"]["networks"] == ["inner"]
    assert document["networks"]["inner"] == {"internal": True}


def test_no_token_no_start() -> None:
    with pytest.raises(KeyError, match="FOOTNOTE_TOKEN"):
        composition({})


def test_images_are_pinned(services: dict[str, dict[str, Any]]) -> None:
    images = [service["image"] for service in services.values()] + [stage.image for stage in stages()]
    assert [image for image in images if not PINNED.fullmatch(image)] == []
    assert services["chroma"]["image"] == f"chromadb/chroma:{versions('requirements.lock')['chromadb']}"
    assert services["ollama"]["image"] == services["model"]["image"]


def test_what_runs_is_looked_after_and_bounded(services: dict[str, dict[str, Any]], final: Stage) -> None:
    for name in RUNNING:
        service = services[name]
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"] if "build" not in service else final.last("HEALTHCHECK").words
    for service in services.values():
        assert "no-new-privileges:true" in service["security_opt"]
        assert {"max-size", "max-file"} <= set(service["logging"]["options"])
        assert service["init"] is True


def test_footnote_may_do_nothing_but_write_into_its_volume(services: dict[str, dict[str, Any]], final: Stage) -> None:
    service = services["footnote"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["user"] == final.last("USER").text == "10001:10001"
    assert service["volumes"] == ["home:/data", "./seeds:/documents:ro"]
    assert final.environment["FOOTNOTE_HOME"] == "/data"


def test_volumes_and_networks_are_those_in_use(services: dict[str, dict[str, Any]], document: dict[str, Any]) -> None:
    named = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", ())}
    assert {name for name in named if name[0] not in "./"} == set(document["volumes"])
    assert {name for service in services.values() for name in service["networks"]} == set(document["networks"])


def test_a_service_waits_for_what_it_needs(services: dict[str, dict[str, Any]]) -> None:
    assert services["model"]["depends_on"] == {"ollama": {"condition": "service_healthy"}}
    conditions = {"chroma": {"condition": "service_healthy"}, "model": {"condition": "service_completed_successfully"}}
    assert services["footnote"]["depends_on"] == conditions


def test_every_setting_is_one(services: dict[str, dict[str, Any]], final: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {name: value for name, value in environment(services["footnote"], final).items() if name.startswith(PREFIX)}
    assert {name.removeprefix(PREFIX).lower() for name in given} <= set(Settings.model_fields)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert (settings.model, settings.token) == ("ollama:qwen2.5-coder:1.5b", TOKEN)
    assert settings.model.endswith(f":{services['model']['environment']['MODEL']}")
    assert [one.name for one in needed(settings)] == ["all-minilm-l6-v2", "all-minilm-l6-v2-tokenizer"]


# The image


def test_the_image_is_what_a_second_stage_copies() -> None:
    first, second = stages()
    copied = [one.text for one in second.all("COPY")]
    assert copied
    assert [text for text in copied if not text.startswith("--from=build ")] == []
    assert any("--require-hashes -r requirements-runtime.lock" in one.text for one in first.all("RUN"))


def test_the_dockerfile_keeps_the_rules(final: Stage) -> None:
    everything = [one for stage in stages() for one in stage.instructions]
    assert not {"ADD", "MAINTAINER", "SHELL"} & {one.name for one in everything}
    for one in everything:
        if one.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
            assert one.words, f"{one.name} is not in the exec form"
        assert not re.search(r"\bsudo\b|curl [^|]*\|", one.text)
        if "apt-get install" in one.text:
            assert re.search(r"apt-get update .*&& apt-get install -y --no-install-recommends .*&& rm -rf /var/lib/apt/lists/\*", one.text)
            assert not re.search(r"\b(gcc|g\+\+|build-essential|curl|wget)\b", one.text)
    assert final.last("USER").text.partition(":")[0] not in ("root", "0")
    assert "/readyz" in " ".join(final.last("HEALTHCHECK").words)
    assert final.environment["PYTHONDONTWRITEBYTECODE"] == "1"
    assert final.environment["OMP_WAIT_POLICY"] == "passive"


def test_what_the_build_copies_is_there_and_let_through() -> None:
    sources = [word for one in stages()[0].all("COPY") for word in one.words[:-1]]
    names = [str(path.relative_to(CHECKOUT)) for path in tracked()]
    inside = [name for name in names if any(name == source or name.startswith(f"{source}/") for source in sources)]
    assert {name.partition("/")[0] for name in inside} == set(sources)
    assert [name for name in inside if not let_through(name) and not name.startswith("qa/training/")] == []
    assert [name for name in names if let_through(name) and name not in inside] == []
    for kept_out in (".env", ".git/config", ".venv/bin/python", "qa/__pycache__/cli.cpython-311.pyc", "seeds-of-mine/a.txt"):
        assert not let_through(kept_out)


def test_the_lock_of_the_image_is_that_of_the_tests_without_their_tools() -> None:
    image, everything = versions("requirements-runtime.lock"), versions("requirements.lock")
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["formats"]]
    assert {re.split(r"[^\w.-]", line)[0].lower() for line in wanted} <= set(image)
    assert image.items() <= everything.items()
    assert not {"pytest", "ruff", "mypy", "playwright", "hypothesis", "scipy", "hatchling"} & set(image)
    text = (CHECKOUT / "requirements-runtime.lock").read_text(encoding="utf-8")
    assert len(re.findall(r"^[\w.-]+==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)) == len(
        re.findall(r"^[\w.-]+==", text, re.MULTILINE)
    )


# The commands


def test_a_question_goes_through_the_commands_of_all_services(
    services: dict[str, dict[str, Any]], final: Stage, live: LiveOllama, files: Settings, tmp_path: Path
) -> None:
    program = live.program or find_program()
    if program is None:
        pytest.skip("There is no `ollama` command: what its services run is not tried")
    chroma, port = free_port(), free_port()
    places = {
        "0.0.0.0": "127.0.0.1",
        "http://ollama:11434": live.url,
        "http://chroma:8000": f"http://127.0.0.1:{chroma}",
        "python": sys.executable,
    }
    places |= {"/app": str(CHECKOUT), **{f"/{name}": str(tmp_path / name) for name in ("data", "models", "documents")}}
    services = json.loads(json.dumps(services).replace("qwen2.5-coder:1.5b", live.smollm2))
    make_folders(tmp_path, files)

    client = {"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "OLLAMA_HOST": live.url}
    assert run(services["ollama"]["healthcheck"]["test"][1:], client) == 0
    model = services["model"]
    assert run(model["entrypoint"], client | {"MODEL": model["environment"]["MODEL"]}) == 0
    assert run(model["entrypoint"], client | {"MODEL": "127.0.0.1:1/library/nothing"}) != 0

    with ExitStack() as running:
        places_of_chroma = places | {"/data": str(tmp_path / "chroma"), "8000": str(chroma)}
        healthy = placed(services["chroma"]["healthcheck"]["test"][1:], {"8000": str(chroma)})
        assert run(healthy, client) != 0
        command = placed([str(Path(sys.executable).with_name("chroma")), *services["chroma"]["command"]], places_of_chroma)
        running.enter_context(started(command, {"PATH": os.environ["PATH"]}, tmp_path / "chroma.log"))
        wait_for(healthy, client, tmp_path / "chroma.log")

        given = environment(services["footnote"], final) | {"FOOTNOTE_PORT": str(port), "HOME": str(tmp_path / "data")}
        given = dict(zip(given, placed(list(given.values()), places), strict=True)) | {"PATH": os.environ["PATH"]}
        ready = placed(final.last("HEALTHCHECK").words, places)
        assert run(ready, given) != 0
        command = placed([*final.last("ENTRYPOINT").words, *services["footnote"]["command"]], places)
        server = running.enter_context(started(command, given, tmp_path / "footnote.log"))
        wait_for(ready, given, tmp_path / "footnote.log")
        ask(f"http://127.0.0.1:{port}", live.smollm2)

        server.send_signal(signal.SIGTERM)
        assert server.wait(int(services["footnote"]["stop_grace_period"].rstrip("s"))) == 0
    written = [path for path in (tmp_path / "data" / "cache").rglob("*") if path.is_file()]
    assert {path.suffix for path in written} == {".stamp"}, "the model files of the image should do"


def ask(url: str, model: str) -> None:
    assert httpx.post(f"{url}/v1/ask", json={"question": QUESTION}).status_code == 401
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx.post(f"{url}/v1/ask", json={"question": QUESTION}, headers=bearer, timeout=PATIENCE).json()
    assert answer["model"] == f"ollama:{model}"
    assert answer["usage"]["completion_tokens"] > 0
    assert [passage["file"] for passage in answer["passages"]] == ["documents/bridge.txt"]


def environment(service: Mapping[str, Any], image: Stage) -> dict[str, str]:
    """What the container's process finds in its environment."""
    return image.environment | {name: str(value) for name, value in service["environment"].items()}


def make_folders(place: Path, files: Settings) -> None:
    """The volumes, the documents, and the model files as the Dockerfile lays them down."""
    for name in ("data", "models", "documents", "chroma"):
        (place / name).mkdir()
    (place / "documents" / "bridge.txt").write_text(LETTER, encoding="utf-8")
    for one in needed(Settings(model="ollama:any")):
        (place / "models" / one.file).symlink_to(fetch(one, files.cache, files.weights))


@contextmanager
def started(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=dict(environment), cwd=CHECKOUT, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def run(command: list[str], environment: Mapping[str, str]) -> int:
    done = subprocess.run(command, env=dict(environment), cwd=CHECKOUT, capture_output=True, timeout=PATIENCE, check=False)
    return done.returncode


def wait_for(command: list[str], environment: Mapping[str, str], log: Path) -> None:
    """Until a healthcheck passes."""
    deadline = time.monotonic() + PATIENCE
    while run(command, environment):
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.5)
