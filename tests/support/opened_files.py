"""How often each file is opened, by Python and by the native readers that are used."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_counters: list[Counter[Path]] = []
_hooked = False


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _counters and isinstance(arguments[0], (str, os.PathLike)):
        for counter in _counters:
            counter[Path(os.path.abspath(arguments[0]))] += 1


@contextmanager
def count_opened() -> Iterator[Counter[Path]]:
    """Count while the context lasts; a workbook counts when fastexcel is told to open it."""
    import fastexcel

    global _hooked
    if not _hooked:  # an audit hook cannot be taken away
        sys.addaudithook(_hear)
        _hooked = True
    counter: Counter[Path] = Counter()
    read_excel = fastexcel.read_excel

    def counted(source: Any, *more: Any, **options: Any) -> Any:
        counter[Path(source).absolute()] += 1
        return read_excel(source, *more, **options)

    _counters.append(counter)
    fastexcel.read_excel = counted
    try:
        yield counter
    finally:
        _counters.remove(counter)
        fastexcel.read_excel = read_excel
