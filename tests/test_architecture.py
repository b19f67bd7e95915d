"""The shape of the code: which file may import which, which engines it may name, how long it may be, and what no file may say."""

import ast
import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = """
    qa.__init__ qa.errors qa.types qa.status qa.settings qa.prompts
    qa.words qa.scripts qa.facts qa.stance qa.demand qa.values qa.furniture qa.paragraph qa.dropped qa.article qa.language
    qa.extract qa.table qa.plain qa.archive qa.hypertext qa.pdf qa.office qa.apart qa.read qa.split qa.folder
    qa.pack qa.schema qa.database qa.rows qa.vector_table qa.catalog qa.vectors
    qa.gguf qa.memory qa.weights qa.address qa.tokens qa.template qa.thoughts qa.completions qa.ollama qa.llama qa.models
    qa.inventory qa.installed qa.embed qa.reader qa.followup
    qa.contents qa.sync qa.watch qa.query qa.dating qa.match qa.parameters qa.rank qa.retrieve qa.evidence qa.library qa.reindex
    qa.synonyms qa.spelling qa.contradiction qa.agreement qa.terms qa.parts qa.comparable qa.disagreement qa.namesakes qa.notes qa.coverage
    qa.alignment qa.alteration qa.statement qa.verify qa.draft qa.reply qa.confidence qa.topics qa.answer qa.suggest
    qa.fingerprint qa.admission qa.stages qa.service
    qa.evaluation.__init__ qa.evaluation.types qa.evaluation.measures
    qa.evaluation.matching qa.evaluation.ranking qa.evaluation.calibration qa.evaluation.statistics
    qa.evaluation.cases qa.evaluation.record qa.evaluation.journal qa.evaluation.cache qa.evaluation.run
    qa.evaluation.score qa.evaluation.sample qa.evaluation.summary qa.evaluation.compare qa.evaluation.require qa.evaluation.judge
    qa.evaluation.figures qa.evaluation.text qa.evaluation.plots qa.evaluation.page
    qa.evaluation.swap qa.evaluation.drafting qa.evaluation.forms qa.evaluation.propose qa.evaluation.box qa.evaluation.review
    qa.evaluation.calibrate qa.evaluation.evaluate qa.evaluation.embedders qa.evaluation.desk
    qa.bodies qa.wire qa.guard qa.relay qa.manual qa.api
    ui.__init__ ui.exchange ui.render ui.table ui.chat ui.evaluation ui.documents ui.app
    qa.training.__init__ qa.training.pair qa.training.kinds qa.training.swap qa.training.general qa.training.questions qa.training.news
    qa.training.sources qa.training.network qa.training.fit qa.training.calibrate qa.training.export qa.training.parity
    qa.training.__main__
    qa.port qa.server qa.serve qa.doctor qa.terminal qa.listing qa.explain qa.evaluation.command qa.options qa.cli qa.__main__
""".split()
"""An import points to an earlier name."""

ENGINES = {
    "sqlite3": "qa.database",
    "chromadb": "qa.vectors",
    "onnxruntime": "qa.embed qa.reader qa.training.export qa.training.parity",
    "tokenizers": "qa.embed qa.reader qa.training.fit qa.training.__main__",
    "ollama": "qa.ollama",
    "langchain_ollama": "qa.ollama",
    "xllamacpp": "qa.llama",
    "trafilatura": "qa.hypertext",
    "py3langid": "qa.language",
    "pathspec": "qa.folder",
    "watchfiles": "qa.watch",
    "charset_normalizer": "qa.extract",
    "lxml": "qa.archive qa.hypertext qa.office",
    "pypdfium2": "qa.pdf",
    "docx": "qa.office",
    "pptx": "qa.office",
    "python_calamine": "qa.office",
    "snowballstemmer": "qa.words",
    "pydantic_settings": "qa.settings",
    "platformdirs": "qa.settings",
    "fastapi": "qa.api ui.app ui.chat",  # the page is mounted on the application
    "uvicorn": "qa.server",
    "gradio": "ui.chat ui.evaluation ui.documents",
    "typer": "qa.options qa.cli",
    "rich": "qa.terminal",
    "langchain_core": "qa.completions qa.ollama qa.models qa.answer",  # two chat models, the choice between them, the chain
}
"""The files that may name an outside engine. Libraries that are none (numpy, httpx, pydantic, starlette, filelock, psutil) are not told."""

LONGEST = 350  # lines
CODE = sorted(path for pattern in ("qa/**/*.py", "ui/*", "tests/*.py") for path in ROOT.glob(pattern) if path.is_file())
SLOW = (
    "gradio",
    "chromadb",
    "langchain",
    "fastapi",
    "onnxruntime",
    "xllamacpp",
    "trafilatura",
    "lxml",
    "pypdfium2",
    "docx",
    "pptx",
    "python_calamine",
)


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


MODULES = {module(path): path for path in CODE if path.suffix == ".py" and path.parent.name != "tests"}


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """The modules that a file imports, wherever in it: `qa.types` for `from qa.types import Span` and for `from qa import types`."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import hides where it points"
            package = node.module or ""
            yield from (name if (name := f"{package}.{alias.name}") in MODULES else package for alias in node.names)


def tracked() -> list[Path]:
    """The files that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def test_every_module_has_its_place_in_the_order() -> None:
    assert len(set(ORDER)) == len(ORDER)
    assert set(MODULES) - set(ORDER) == set(), "no place in ORDER yet"
    assert set(ORDER) - set(MODULES) == set(), "in ORDER, but gone"


@pytest.mark.parametrize("name", sorted(set(MODULES) & set(ORDER)))
def test_imports_point_one_way(name: str) -> None:
    ours = {imported if imported in MODULES else f"{imported}.__init__" for imported in imports(MODULES[name]) if is_ours(imported)}
    later = sorted(ours - set(ORDER[: ORDER.index(name)]))
    assert not later, f"{name} imports {later}, which has no earlier place"


def is_ours(imported: str) -> bool:
    return imported.partition(".")[0] in ("qa", "ui")


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_is_named_in_its_place_only(engine: str) -> None:
    naming = {name for name, path in MODULES.items() for imported in imports(path) if imported.split(".")[0] == engine}
    assert naming == set(ENGINES[engine].split())


def test_the_page_knows_the_facade_alone() -> None:
    known = {"qa", "qa.coverage", "qa.errors", "qa.notes", "qa.relay", "qa.service", "qa.status", "qa.types", "qa.settings"}
    known |= {"qa.evaluation.cases", "qa.evaluation.desk", "qa.evaluation.page", "qa.evaluation.types"}
    for name, path in MODULES.items():
        if name.startswith("ui."):
            assert {imported for imported in imports(path) if imported.split(".")[0] == "qa"} <= known, name


def test_the_order_told_in_the_documentation_holds() -> None:
    """A file imports from its own row of ARCHITECTURE.md's table or from one above."""
    table = [line for line in (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    rows = {name.replace("/", "."): number for number, line in enumerate(table) for name in re.findall(r"`((?:qa|ui)/[\w/]+)\.py`", line)}
    rows |= {name: number for number, line in enumerate(table) if "`ui/*`" in line for name in MODULES if name.startswith("ui.")}
    wrong = {
        f"{name} imports {imported}"
        for name, path in MODULES.items()
        for imported in imports(path)
        if name in rows and rows.get(imported, 0) > rows[name]
    }
    assert wrong == set()


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_too_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


REGISTRIES = ("pypi" + ".org", "python" + "hosted.org", "registry." + "npmjs", "proxy." + "golang")
FORBIDDEN = re.compile(
    "|".join([*map(re.escape, REGISTRIES), r"(?<![\w.])/(?:wo" + r"rk/|home/\w+/|root/(?!\.ollama))", r"(?<![\w.])/tmp/\w"]), re.I
)


def test_no_file_names_a_registry_or_a_place_on_one_machine() -> None:
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in FORBIDDEN.finditer(content.decode("utf-8", "replace"))]
    assert found == []


def test_everything_that_is_shipped_is_text_a_picture_or_the_second_reader() -> None:
    binary = (".png", ".ico", ".woff2", ".onnx")
    odd = [path.relative_to(ROOT) for path in tracked() if b"\0" in path.read_bytes() and path.suffix not in binary]
    assert odd == []


@pytest.mark.skipif("qa.cli" not in MODULES, reason="there is no command line yet")
def test_the_command_line_starts_without_the_slow_libraries(tmp_path: Path) -> None:
    code = f"import sys, qa.cli; print(*(name for name in sys.modules if name.startswith({SLOW!r})))"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=240
    )
    assert done.stdout.split() == []
