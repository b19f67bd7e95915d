"""What the engines have: our own model files, a GGUF file of the user's, a server of Ollama, an OpenAI-compatible one. Loads no model."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qa import weights
from qa.address import OLLAMA_URL, answers, is_local
from qa.errors import EngineError, FootnoteError
from qa.gguf import read_metadata
from qa.inventory import KNOWN, InstalledModel, Inventory, Shape, memory_needed, recommend, shape
from qa.memory import available
from qa.models import EMBEDDED, PROBE, chat_template_fault, served_models
from qa.settings import Settings

NO_OLLAMA: Final = "Start it with `ollama serve`, or set FOOTNOTE_MODEL_URL to where it is, to see its models."
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Machine:
    """What a model must fit into."""

    available: int  # bytes
    context: int
    slots: int

    def takes(self, size: int, model: Shape | None) -> tuple[int, bool | None]:
        """The memory that a model needs, and whether it is there; 0 and None where that cannot be told."""
        needed = memory_needed(size, model, self.context, self.slots)
        return needed, needed <= self.available if needed else None


def inventory(settings: Settings, free: int | None = None) -> Inventory:
    """All models that the settings can be changed to. Raises nothing of ours: an engine that does not answer is told as absent.

    `free` is the memory to reckon with, in bytes; None: what there is.
    """
    machine = Machine(available() if free is None else free, settings.context, settings.slots)
    models, absent = list(_own(settings, machine)), list[str]()
    engine, _, name = settings.model.partition(":")
    try:
        if engine == "embedded" and name and settings.model not in EMBEDDED:
            models.append(_of_file(name, machine))
        if engine == "openai":
            models += _of_compatible(settings)
        else:
            models += _of_ollama(settings.model_url or OLLAMA_URL, machine)
    except FootnoteError as error:
        absent.append(error.line())
    return Inventory(tuple(models), tuple(absent), machine.available, recommend(models, machine.available))


def installed(settings: Settings) -> tuple[InstalledModel, ...]:
    """The embedded models, whether their files are here or would be fetched, and the models of the Ollama server if one answers."""
    machine = Machine(available(), settings.context, settings.slots)
    own = tuple(_own(settings, machine))
    url = settings.model_url or OLLAMA_URL
    try:
        return own + tuple(_of_ollama(url, machine)) if answers(url) else own
    except EngineError as error:
        log.warning("%s", error.line())
        return own


def _own(settings: Settings, machine: Machine) -> Iterator[InstalledModel]:
    for name, file in EMBEDDED.items():
        known = KNOWN[name]
        memory, fits = machine.takes(file.size, known.shape)
        held = _held(file, settings)
        yield InstalledModel(name, "embedded", "language", file.size, held, known.shape.context, memory, fits, known.score)
    yield InstalledModel("embedded", "embedded", "embedder", weights.MINILM.size, _held(weights.MINILM, settings))


def _of_file(name: str, machine: Machine) -> InstalledModel:
    """Raises EngineError for a file that is missing or damaged."""
    path = Path(name).expanduser()
    told = read_metadata(path)
    model, size = shape(told.values), path.stat().st_size
    memory, fits = machine.takes(size, model)
    fault = chat_template_fault(path, told)
    context = model.context if model else 0
    remedy = fault.hint if fault else ""
    return InstalledModel(f"embedded:{name}", "embedded", "language", size, True, context, memory, fits, remedy=remedy)


def _of_ollama(url: str, machine: Machine) -> Iterator[InstalledModel]:
    """Raises EngineError where nobody answers, or no Ollama."""
    if not answers(url):
        raise EngineError(f"Ollama at {url}: nobody answers", NO_OLLAMA)
    from qa.ollama import Ollama

    server = Ollama(url, PROBE)
    for model in server.models():
        shown = server.show(model.name)
        memory, fits = machine.takes(model.size, shape(shown.facts)) if is_local(url) else (0, None)
        yield InstalledModel(
            f"ollama:{model.name}",
            "ollama",
            "language" if shown.chats else "embedder",
            model.size,
            present=True,
            context=shown.context,
            memory=memory if shown.chats else 0,
            fits=fits if shown.chats else None,
            remedy=shown.remedy,
        )


def _of_compatible(settings: Settings) -> Iterator[InstalledModel]:
    """Raises EngineError where nobody answers."""
    for model in served_models(settings):
        yield InstalledModel(f"openai:{model.name}", "openai", "language", model.size, present=True, context=model.context)


def _held(one: weights.Weights, settings: Settings) -> bool:
    places = [settings.weights / one.file] if settings.weights else []
    places += (settings.cache / "models").glob(f"*-{one.file}")
    return any(place.is_file() and place.stat().st_size == one.size for place in places)
