"""Notes on many files, said once."""

from __future__ import annotations

from collections.abc import Sequence

from cohortmart.core.text import listed


def merged_notes(notes: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Say once what is said of several files.

    Parameters
    ----------
    notes : sequence of str
        Those about one file begin with its name.
    names : sequence of str
        Names of the files.

    Returns
    -------
    tuple of str
        Each text at the place where it stood first, behind the names of its files.
    """
    known, about = set(names), dict[str, list[str]]()
    for note in notes:
        name, mark, text = note.partition(": ")
        of_file = bool(mark) and name in known
        about.setdefault(text if of_file else note, []).extend([name] if of_file else [])
    return tuple(
        f"{listed(list(dict.fromkeys(files)), most=3)}: {text}" if files else text
        for text, files in about.items()
    )
