"""`footnote eval` as a process, over real documents, with a small server of ours as its language model."""

import json
import random
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from qa.evaluation.box import Box
from qa.evaluation.cases import read_cases
from qa.evaluation.evaluate import FOLDER, read_report
from qa.evaluation.types import Case, Proposal
from qa.settings import PREFIX, Settings
from tests.processes import Model, check_failure, footnote, served_model, start

TOWNS = "Oslo Bergen Moss Hamar Skien Larvik Horten Molde Narvik Harstad".split()
CASES = [
    {"id": f"c{n}", "question": f"What did the bridge at {town} cost?", "answerable": True, "answers": [f"{n + 3} million"], "type": "fact",
     "evidence": [{"file": f"letters/{town}.txt", "quote": f"The bridge at {town} had cost {n + 3} million kroner."}]}
    for n, town in enumerate(TOWNS)
] + [
    {"id": f"u{n}", "question": f"What did the bridge at {town} cost?", "answerable": False, "type": "unanswerable"}
    for n, town in enumerate(("Tokyo", "Lima", "Quito", "Perth"))
]  # fmt: skip
TIMES = {"evidence_ms", "first_token_ms", "total_ms"}


class Copyist(Model):
    """Copies the sentence on the cost; notes what it was asked."""

    pause = 0.0
    asked: ClassVar[list[str]] = []
    dead = False
    mute = False

    def do_POST(self) -> None:  # noqa: N802
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        prompt = body["messages"][-1]["content"]
        self.asked.append(prompt.rpartition("Question: ")[2])
        if self.dead:
            self.send_error(500)
            return
        town = re.findall(r"at (\w+) cost", prompt)[-1]
        found = re.findall(rf"^\[(\d+)\] (.*at {town} had cost.*)$", prompt, re.MULTILINE)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        time.sleep(self.pause)
        self.tell({"choices": [{"delta": {"content": "[{}] {}".format(*found[-1]) if found and not self.mute else "[0] Not stated"}}]})
        self.tell({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9, "completion_tokens": 9}})
        self.wfile.write(b"data: [DONE]\n\n")


@dataclass(frozen=True)
class Place:
    folder: Path
    environment: dict[str, str]

    @property
    def cases(self) -> Path:
        return self.folder / "cases.jsonl"

    def run(self, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = footnote("eval", str(self.cases), *arguments, environment=self.environment)
        assert done.returncode == status, done.stderr
        return done

    def summary(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("--json", *arguments).stdout)
        return found

    def fresh(self) -> "Place":
        """Without replies and reports of before."""
        shutil.rmtree(self.folder / "home" / FOLDER, ignore_errors=True)
        return self


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    with served_model(Copyist) as url:
        yield url


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, model: str, files: Settings) -> Place:
    folder = tmp_path_factory.mktemp("place")
    (folder / "letters").mkdir()
    for n, town in enumerate(TOWNS):
        text = f"News from {town}\n\nPublished {n + 1} May 2021\n\nThe bridge at {town} had cost {n + 3} million kroner. It is long.\n"
        (folder / "letters" / f"{town}.txt").write_text(text, encoding="utf-8")
    ours = {"HOME": folder / "home", "FOLDERS": folder / "letters", "MODEL": "openai:copyist", "MODEL_URL": model}
    ours |= {"CACHE": files.cache, "WEIGHTS": files.weights or ""}
    environment = {PREFIX + name: str(value) for name, value in ours.items()} | {"PATH": "/usr/bin:/bin"}
    assert footnote("sync", environment=environment).returncode == 0
    return Place(folder, environment)


@pytest.fixture
def place(indexed: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    indexed.cases.write_text("\n".join(map(json.dumps, CASES)) + "\n", encoding="utf-8")
    Copyist.asked.clear()
    return indexed.fresh()


def figures(summary: dict[str, Any]) -> dict[str, Any]:
    """All figures but the times."""
    return {name: value for name, value in summary["groups"][0]["estimates"].items() if name not in TIMES}


def test_a_run_from_end_to_end(place: Place) -> None:
    reports = [place.folder / f"report{suffix}" for suffix in (".html", ".md", ".jsonl")]
    done = place.run(*(part for path in reports for part in ("--report", str(path))))
    assert "14 cases" in done.stdout
    assert re.search(r"answerable: right +100% .*10 of 10", done.stdout)
    assert re.search(r"unanswerable: withheld +100% .*4 of 4", done.stdout)
    assert all("cost" in path.read_text(encoding="utf-8") or path.suffix == ".md" for path in reports)
    run, scored = read_report(reports[2])
    assert run.model.startswith("openai:copyist")
    assert [one.outcome for one in scored] == ["right"] * 10 + ["silent"] * 4
    assert all(one.marks["citation_precision"].value == one.marks["hit@5"].value == 1 for one in scored[:10])
    assert scored[0].reply.prompt[-1][1].endswith("Question: What did the bridge at Oslo cost?")
    assert scored[0].reply.output.endswith("The bridge at Oslo had cost 3 million kroner.")


def test_a_second_run_asks_nothing_and_a_fresh_one_everything(place: Place) -> None:
    first = place.summary()
    asked = len(Copyist.asked)
    assert asked >= 10
    second = place.summary()
    assert len(Copyist.asked) == asked
    assert second["groups"] == first["groups"]
    assert {change["verdict"] for change in second["comparison"]["changes"]} == {"cannot tell"}
    place.run("--fresh")
    assert len(Copyist.asked) == 2 * asked


def test_a_changed_setting_asks_again(place: Place) -> None:
    place.run()
    asked = len(Copyist.asked)
    place.run("--caution", "0.2")
    assert len(Copyist.asked) == 2 * asked


def test_workers_come_to_the_same_figures(place: Place) -> None:
    assert figures(place.summary("--workers", "4")) == figures(place.fresh().summary())


def test_killed_ten_times_at_random_it_ends_with_the_same_numbers(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = figures(place.summary())
    place.fresh()
    Copyist.asked.clear()
    monkeypatch.setattr(Copyist, "pause", 0.15)
    chance = random.Random(7)
    killed = 0
    for _ in range(10):
        seen = len(Copyist.asked)
        process = start("eval", str(place.cases), environment=place.environment)
        deadline = time.monotonic() + 240
        wanted = chance.randint(1, 4)  # calls, not seconds, so that a slow machine gets on too
        while len(Copyist.asked) < seen + wanted and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.15))
        process.kill()
        killed += process.wait(240) == -9
        process.communicate()
    assert killed >= 5  # in the end there is nothing left to ask
    monkeypatch.setattr(Copyist, "pause", 0.0)
    asked = len(Copyist.asked)
    assert figures(place.summary()) == whole
    assert len(Copyist.asked) - asked < 20  # two calls a case


def test_an_engine_that_fails_half_way_costs_one_line_and_no_reply(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.run("--limit", "5")
    monkeypatch.setattr(Copyist, "dead", True)
    check_failure(place.run(status=1), 1, "Stopped after 5 of 14 cases", "5 replies are kept")
    monkeypatch.setattr(Copyist, "dead", False)
    Copyist.asked.clear()
    assert place.summary()["outcomes"]["right"] == 10
    assert not {row["question"] for row in CASES[:5]} & set(Copyist.asked)


def test_thresholds_decide_the_exit_status(place: Place) -> None:
    met = place.run("--require", "right>=0.9", "--require", "refused_unanswerable>=95%")
    assert "right>=0.9" in met.stdout
    missed = place.run("--require", "right>=1.01", "--require", "total_ms<=1000000", status=1)
    assert "right>=1.01" in missed.stdout
    check_failure(place.run("--require", "rigth>=1", status=2), 2, "rigth")


def test_no_worse_than_before(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    good = place.folder / "good.jsonl"
    place.run("--report", str(good))
    place.run("--fresh", "--no-worse-than", "last")
    monkeypatch.setattr(Copyist, "mute", True)
    worse = place.run("--fresh", "--no-worse-than", str(good), status=1)
    assert re.search(r"no worse than good.jsonl.*overall 1 → 0\.286", worse.stdout)
    check_failure(place.run("--no-worse-than", str(place.folder / "none.jsonl"), status=2), 2, "none.jsonl cannot be read")


def test_recorded_replies_are_scored_without_a_model(place: Place) -> None:
    recorded = place.folder / "recorded.jsonl"
    first = place.summary("--report", str(recorded))
    asked = len(Copyist.asked)
    again = place.summary("--replies", str(recorded), "--model-url", "http://127.0.0.1:9/v1")
    assert again["groups"] == first["groups"]
    assert len(Copyist.asked) == asked


def test_retrieval_alone_needs_no_model(place: Place) -> None:
    found = place.summary("--search-only", "--model-url", "http://127.0.0.1:9/v1")
    assert found["groups"][0]["estimates"]["hit@1"]["value"] == 1
    assert found["groups"][0]["estimates"]["evidence_answer"]["value"] == 1
    assert "right" not in found["groups"][0]["estimates"]
    assert not Copyist.asked


def test_types_samples_and_limits(place: Place) -> None:
    assert place.summary("--type", "unanswerable")["groups"][0]["cases"] == 4
    assert place.summary("--sample", "6", "--seed", "1")["groups"][0]["cases"] == 6
    assert place.summary("--limit", "2")["groups"][0]["cases"] == 2
    check_failure(place.run("--type", "facts", status=2), 2, "'facts'", "fact, unanswerable")


def test_proposed_cases_are_decided_on(place: Place) -> None:
    box = Box(place.folder / "home" / FOLDER)
    proposed = [Case(f"p{n}", f"What did the bridge at {town} cost?", True, answers=("4 million",)) for n, town in enumerate(TOWNS[:3])]
    box.add(Proposal(case, "drafted") for case in proposed)
    own = place.folder / "own.jsonl"
    done = footnote("eval", str(own), "--review", environment=place.environment, text="a\nr\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 accepted into" in done.stdout
    assert "1 refused, 1 wait" in done.stdout
    assert [case.id for case in read_cases(own).cases] == ["p0"]
    assert [proposal.case.id for proposal in box.waiting()] == ["p2"]
    waiting = footnote("eval", str(own), "--review", "--json", environment=place.environment)
    assert json.loads(waiting.stdout) == {"waiting": 1, "questions": [proposed[2].question]}


def test_wrong_rows_are_named_and_left_out(place: Place) -> None:
    rows = [*map(json.dumps, CASES[:6]), "{broken", json.dumps(CASES[6] | {"evidence": [{"file": "letters/Rome.txt"}]})]
    place.cases.write_text("\n".join(rows), encoding="utf-8")
    done = place.run()
    assert "line 7: not JSON" in done.stderr
    assert "c6 names letters/Rome.txt, which is not indexed" in done.stdout
    assert "6 cases" in done.stdout
    check_failure(place.run("--strict", status=2), 2, "line 7: not JSON")
    place.cases.write_text(rows[-1], encoding="utf-8")
    check_failure(place.run(status=2), 2, "letters/Rome.txt, which is not indexed", "footnote sync")


def test_bad_input_is_one_line(place: Place) -> None:
    place.cases.write_text("", encoding="utf-8")
    check_failure(place.run(status=2), 2, "holds no cases")
    check_failure(footnote("eval", str(place.folder), environment=place.environment), 2, "is a folder")
    check_failure(footnote("eval", "missing.jsonl", environment=place.environment), 2, "cannot be read")
    place.cases.write_text(json.dumps(CASES[0]), encoding="utf-8")
    check_failure(place.run("--report", "report.docx", status=2), 2, "report.docx", ".html")
    check_failure(place.run("--model-url", "http://127.0.0.1:9/v1", status=1), 1, "127.0.0.1:9")
