"""One frozen `Settings`, from the command line, the environment (`FOOTNOTE_…`), a `footnote.toml` and defaults, in this order."""

import os
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from qa.errors import SettingsError

PREFIX = "FOOTNOTE_"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def data_folder(name: str) -> Path:
    """`prompts` or `seeds`: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parent
    installed = package / "_data" / name
    return installed if installed.is_dir() else package.parent / name


class Settings(BaseSettings):
    """Everything that a user can set. Raises nothing but `pydantic.ValidationError`; use `load` for a one-line error."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", toml_file="footnote.toml", env_ignore_empty=True)

    home: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("footnote", appauthor=False),
        description="Folder of the index, the catalog and the logs.",
    )
    folders: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(),
        description=f"Folders (or files) to index, separated by '{os.pathsep}'; empty: those of the last sync, at first the seeds.",
    )
    model: str = Field(default="auto", description="Language model: auto, embedded, embedded:FILE.gguf, ollama:NAME or openai:NAME.")
    model_url: str | None = Field(default=None, description="Address of the Ollama or OpenAI-compatible server, if not the usual one.")
    embedder: str = Field(default="embedded", description="Embedder: embedded or ollama:NAME.")
    reader: str = Field(default="embedded", description="Second reader, which chooses evidence and doubts answers: embedded or none.")
    chroma_url: str | None = Field(default=None, description="Address of a Chroma server; without it Chroma runs inside Footnote.")
    host: str = Field(default="127.0.0.1", description="Address to listen on; anything but loopback needs a token.")
    port: int = Field(default=7860, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    token: str | None = Field(default=None, min_length=8, description="Bearer token that every request must carry.")
    cache: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("footnote", appauthor=False),
        description="Folder of the model files, shared between checkouts.",
    )
    weights: Path | None = Field(
        default=None, description="Folder that already holds model files; looked in before anything is downloaded."
    )
    context: int = Field(default=4096, ge=512, le=131072, description="Context of the language model, in tokens.")
    evidence_tokens: int = Field(
        default=350, ge=40, le=8000, description="Most tokens of evidence handed to the language model; a short fact gets three quarters."
    )
    threads: int = Field(default=0, ge=0, le=256, description="Threads of the embedded engine; 0: one per physical core.")
    slots: int = Field(
        default=1, ge=1, le=256, description="Answers written at a time; the embedded engine then shares its batches among them."
    )
    queue: int = Field(default=100, ge=0, le=10_000, description="Questions that may wait for a slot; more are told to come again.")
    timeout: float = Field(default=300.0, gt=0, description="Seconds to wait for an engine before giving up.")
    caution: float = Field(default=0.4, ge=0, le=1, description="Least confidence at which an answer is given rather than withheld.")

    @field_validator("folders", mode="before")
    @classmethod
    def _split_folders(cls, value: object) -> object:
        return tuple(part for part in value.split(os.pathsep) if part) if isinstance(value, str) else value

    @field_validator("home", "cache", "weights", mode="after")
    @classmethod
    def _expand(cls, value: Path | None) -> Path | None:
        return _absolute(value) if value else None

    @field_validator("folders", mode="after")
    @classmethod
    def _expand_all(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(map(_absolute, value))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:  # "~nobody": pydantic passes on nothing but ValueError
        raise ValueError(str(error)) from error


def load(**options: Any) -> Settings:  # noqa: ANN401
    """Settings with `options` (None: not given) over environment and file.

    Raises SettingsError naming the first wrong setting, or an address that is not loopback without a token.
    """
    try:
        settings = Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "footnote.toml"
        hint = f"Set {PREFIX}{name.upper()} or --{name.replace('_', '-')} to a value that fits; `footnote --help` describes it."
        if first["type"] == "extra_forbidden":
            hint = "Remove it from footnote.toml; `footnote --help` lists the settings."
        raise SettingsError(f"The setting {name} is wrong: {first['msg']}", hint) from error
    except (ValueError, OSError) as error:
        raise SettingsError(f"footnote.toml cannot be read: {error}", "Mend it or remove it.") from error
    if settings.host not in LOOPBACK and not settings.token:
        raise SettingsError(f"Refusing to listen on {settings.host} without a token", "Set FOOTNOTE_TOKEN, or listen on 127.0.0.1.")
    return settings
