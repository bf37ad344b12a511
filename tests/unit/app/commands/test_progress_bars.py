"""Progress on a terminal and elsewhere: bars for what takes long, lines, silence."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

_SCRIPT = """
import sys, time
from cohortmart.app.commands import progress_bars
from cohortmart.app.commands.progress import Progress
from cohortmart.core.progress import counted_off
progress_bars.PATIENCE = 0.6
quiet, pause, n = sys.argv[1] == "quiet", float(sys.argv[2]), int(sys.argv[3])
progress = Progress(quiet)
with progress.step("analyse", "computing [all]"):
    for i in counted_off(range(n), "permutations", name=lambda i: f"number {i}"):
        time.sleep(pause)
    progress.say("a line that stays")
"""
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


def on_terminal(*arguments: str, stop_at: str | None = None) -> tuple[int, str]:
    """Run the script on a pseudo-terminal; press Ctrl-C once some text was seen."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
    child = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
        env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    said, latest = b"", time.monotonic() + 30
    while time.monotonic() < latest:
        if not select.select([ours], [], [], 1)[0]:
            continue
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        said += part
        if stop_at is not None and stop_at in _ESCAPE.sub("", said.decode("utf-8", "replace")):
            child.send_signal(signal.SIGINT)
            stop_at = None
    code = child.wait(timeout=30)
    os.close(ours)
    return code, said.decode("utf-8", "replace")


@pytest.fixture(scope="module")
def long() -> str:
    code, said = on_terminal("loud", "0.2", "10")
    assert code == 0
    return said


def test_work_that_takes_long_has_a_bar_with_what_is_left(long: str) -> None:
    plain = _ESCAPE.sub("", long)
    assert "computing [all] …" in plain
    assert "permutations: number 7" in plain
    assert re.search(r"[5-9] of 10", plain)
    assert re.search(r"0:0\d left", plain)
    assert "━" in plain


def test_lines_stand_above_the_bar_and_the_bar_goes(long: str) -> None:
    assert long.count("a line that stays") == 1
    assert "permutations" not in long.rpartition("computing [all]")[2]
    # at last the line of the step is wiped
    assert long.endswith("\r\x1b[1A\x1b[2K")


def test_the_cursor_is_shown_again(long: str) -> None:
    assert HIDE in long
    assert long.rindex(SHOW) > long.rindex(HIDE)


def test_work_that_is_quick_has_none() -> None:
    code, said = on_terminal("loud", "0.01", "10")
    assert code == 0
    plain = _ESCAPE.sub("", said)
    assert "computing [all] …" in plain
    assert "permutations" not in plain
    assert "━" not in plain


def test_stopping_leaves_the_terminal_as_it_was() -> None:
    code, said = on_terminal("loud", "0.2", "1000", stop_at="permutations: number")
    assert code != 0
    assert "KeyboardInterrupt" in said
    assert said.rindex(SHOW) > said.rindex(HIDE)


def test_quiet_is_silent_on_a_terminal() -> None:
    assert on_terminal("quiet", "0.1", "3") == (0, "")


def test_a_pipe_gets_plain_lines() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, "loud", "0.2", "5"], capture_output=True, check=True
    )
    assert done.stdout == b""
    assert done.stderr.decode() == "computing [all] …\na line that stays\n"
