"""What is kept in the user's cache: found again, never trusted blindly, never in the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cohortmart.core.warehouse import dbt_cache
from cohortmart.core.warehouse.dbt_cache import cache_folder, cache_key, read_entry, write_entry


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COHORTMART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "dbt"


def test_what_was_written_is_read(folder: Path) -> None:
    assert read_entry("key", "manifest") is None
    write_entry("key", "manifest", b"parsed")
    write_entry("key", "manifest", b"parsed again")
    assert read_entry("key", "manifest") == b"parsed again"
    assert read_entry("key", "templates") is None
    assert read_entry("other", "manifest") is None
    assert [p.name for p in (folder / "key").iterdir()] == ["manifest"]


@pytest.mark.parametrize("damaged", [b"", b"short", b"x" * 300])
def test_a_damaged_entry_is_none(folder: Path, damaged: bytes) -> None:
    write_entry("key", "manifest", b"parsed" * 50)
    (folder / "key" / "manifest").write_bytes(damaged)
    assert read_entry("key", "manifest") is None


def test_an_entry_that_lost_its_end_is_none(folder: Path) -> None:
    write_entry("key", "manifest", b"parsed" * 50)
    path = folder / "key" / "manifest"
    path.write_bytes(path.read_bytes()[:-1])
    assert read_entry("key", "manifest") is None


def test_an_entry_that_others_can_write_is_none(folder: Path) -> None:
    write_entry("key", "manifest", b"parsed")
    (folder / "key" / "manifest").chmod(0o666)
    assert read_entry("key", "manifest") is None
    (folder / "key" / "manifest").chmod(0o600)
    assert read_entry("key", "manifest") == b"parsed"
    (folder / "key").chmod(0o777)
    assert read_entry("key", "manifest") is None


def test_a_cache_that_cannot_be_written_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("COHORTMART_CACHE", str(tmp_path / "file"))
    write_entry("key", "manifest", b"parsed")
    assert read_entry("key", "manifest") is None


def test_old_versions_go_and_new_ones_stay(folder: Path) -> None:
    for i in range(dbt_cache._KEPT + 3):
        write_entry(f"old{i}", "manifest", b"parsed")
        os.utime(folder / f"old{i}", (1000 + i, 1000 + i))
    for i in range(2):
        write_entry(f"new{i}", "manifest", b"parsed")
    left = {p.name for p in folder.iterdir()}
    assert len(left) == dbt_cache._KEPT
    assert {"new0", "new1", "old8"} <= left
    assert "old0" not in left


def test_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COHORTMART_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == Path("/x/cohortmart/dbt")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/h")
    assert cache_folder() == Path("/h/.cache/cohortmart/dbt")


def test_the_key_depends_on_all_that_parsing_does(monkeypatch: pytest.MonkeyPatch) -> None:
    key = cache_key(Path("/p"), "mark", ("3.11", "warehouse"))
    assert key == cache_key(Path("/p"), "mark", ("3.11", "warehouse"))
    assert key != cache_key(Path("/q"), "mark", ("3.11", "warehouse"))
    assert key != cache_key(Path("/p"), "other", ("3.11", "warehouse"))
    assert key != cache_key(Path("/p"), "mark", ("3.12", "warehouse"))
    monkeypatch.setattr(dbt_cache, "version", lambda _: "99")
    assert key != cache_key(Path("/p"), "mark", ("3.11", "warehouse"))


def test_an_entry_under_another_name_is_not_trusted(folder: Path) -> None:
    write_entry("one", "manifest", b"parsed")
    (folder / "one").rename(folder / "two")
    assert read_entry("two", "manifest") is None
