"""`cohortmart init`: look at the files, ask what is open, write study.yml, say what it can do."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cohortmart.app.check.report import Report, check_study
from cohortmart.app.init.analyses import propose_analyses
from cohortmart.app.init.files import gather, look_at
from cohortmart.app.init.proposal import Proposal, propose
from cohortmart.app.init.questions import NONE, Ask, Interview, Question
from cohortmart.app.init.study_text import study_text
from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import written_beside


@dataclass(frozen=True, eq=False)
class Written:
    """A study.yml that was written.

    Parameters
    ----------
    path : Path
    proposal : Proposal
    open : tuple of Question
        What no one confirmed.
    check : Report
        What `cohortmart check` says of it.
    """

    path: Path
    proposal: Proposal
    open: tuple[Question, ...]
    check: Report


def init_study(given: Sequence[Path], out: Path, ask: Ask | None = None) -> Written:
    """Write a study.yml for some files and check it.

    Parameters
    ----------
    given : sequence of Path
        Files and folders.
    out : Path
        The study.yml; nothing else is written.
    ask : callable, optional
        Answers questions; without it they stay open and are marked in the file.

    Raises
    ------
    InputError
        `out` is there already, a file is not, or the files do not go together.
    """
    if out.exists():
        raise InputError(
            "there is a file of this name already",
            file=out,
            expected="a new file, as nothing of yours is overwritten",
            hint="name another with --out, or move it away",
        )
    paths = [path for path in gather(given) if path != Path(os.path.abspath(out))]
    interview = Interview(ask)
    folder = Path(os.path.abspath(out)).parent
    proposal = propose(look_at(paths), interview, _name(folder))
    analyses = propose_analyses(proposal)
    text = study_text(proposal, analyses, interview, folder)
    with written_beside(out) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Written(out, proposal, tuple(interview.open), check_study(out))


def run_init(given: Sequence[Path], out: Path, *, quiet: bool) -> Report:
    """Write a study.yml, asking on a terminal, and print what it holds and what it can do.

    Parameters
    ----------
    given, out
        See `init_study`.
    quiet : bool
        Neither ask nor print.

    Returns
    -------
    Report
        What `cohortmart check` says of it.

    Raises
    ------
    InputError
        See `init_study`.
    """
    asks = sys.stdin.isatty() and sys.stdout.isatty() and not quiet
    written = init_study(given, out, on_terminal if asks else None)
    if not quiet:
        print(summary(written))
        print(written.check.text, end="")
    return written.check


def _name(folder: Path) -> str:
    """Call the study like its folder; a folder `raw` or `data` like the one above."""
    named = next(
        (f for f in (folder, *folder.parents) if f.name not in ("raw", "data", "")), folder
    )
    return re.sub(r"[^A-Za-z0-9_-]+", "_", named.name).strip("_") or "my_study"


def on_terminal(question: Question) -> str:
    """Ask a question on the terminal until the answer is one that can be.

    Parameters
    ----------
    question : Question
    """
    import typer

    print(f"\n{question.text}")
    if question.why:
        print(f"  proposed: {question.proposal} ({question.why})")
    while True:
        options = f" [{', '.join(question.options)}]" if question.options else ""
        answer = str(typer.prompt(f"  {question.key}{options}", default=question.proposal)).strip()
        if not question.options or answer in question.options:
            return answer
        print(f"  `{answer}` is none of {', '.join(question.options)}")


def summary(written: Written) -> str:
    """Return what was found and what is open, in lines.

    Parameters
    ----------
    written : Written
    """
    proposal, first = written.proposal, written.proposal.sheets[0]
    lines = [f"{written.path} is written, from {first.table.words}:"]
    for block in proposal.sheets:
        roles = ", ".join(f"{role} = {column}" for role, column in block.roles.items())
        key = f", visit_key = {', '.join(block.visit_key)}" if block.visit_key else ""
        lines.append(f"  {block.table.words}: {roles}{key}")
    for assay in proposal.assays:
        files = ", ".join(path.name for path in assay.files[:3])
        more = f" and {len(assay.files) - 3} more" if len(assay.files) > 3 else ""
        lines.append(f"  {assay.name} ({assay.kind}): {files}{more}")
    for key, paths in proposal.references.items():
        lines.append(f"  {key.replace('_', ' ')}: {', '.join(p.name for p in paths)}")
    for path, why in proposal.left_out:
        lines.append(f"  not used: {path.name}: {why}")
    lines += [f"  note: {note}" for note in proposal.notes]
    if written.open:
        lines.append("\nNot certain; look at these lines of the file (marked `??`):")
        lines += [_open(question) for question in written.open]
    return "\n".join(lines) + "\n"


def _open(question: Question) -> str:
    others = [o for o in question.options if o not in (question.proposal, NONE)]
    or_else = f"; or {', '.join(others)}" if others else ""
    return f"  {question.key}: {question.proposal} ({question.why}{or_else})"
