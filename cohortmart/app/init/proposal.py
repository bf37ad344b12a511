"""A study as it is proposed: sheets, roles, order of visits and groups, assays, references."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cohortmart.app.init.assays import ProposedAssay, best_match, find_assays, platform_of
from cohortmart.app.init.columns import Column, SheetTable
from cohortmart.app.init.files import Looked
from cohortmart.app.init.groups import Groups, order_groups
from cohortmart.app.init.questions import Interview, Question
from cohortmart.app.init.reference_choice import choose_references, files_left_out
from cohortmart.app.init.roles import Roles, find_roles
from cohortmart.app.init.sheet_blocks import SheetBlock, sheet_blocks
from cohortmart.app.init.sheets import (
    MainSheet,
    main_sheet,
    sheet_of_people,
    sheet_of_visits,
)
from cohortmart.app.init.timepoints import Order, order_timepoints
from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Study


@dataclass(frozen=True, eq=False)
class Proposal:
    """A study without its analyses.

    Parameters
    ----------
    name : str
    sheets : tuple of SheetBlock
    order : Order or None
        Of the timepoints; None for one visit.
    groups : Groups or None
        None for one group.
    assays : tuple of ProposedAssay
    derive : dict of str to (str, Path)
        Cell fractions: the assay they are from and the profiles.
    references : dict of str to tuple of Path
        Key of `reference` to its files.
    left_out : tuple of (Path, str)
        Files that are of no use, and why.
    notes : tuple of str
        What would help.
    """

    name: str
    sheets: tuple[SheetBlock, ...]
    order: Order | None
    groups: Groups | None
    assays: tuple[ProposedAssay, ...]
    derive: Mapping[str, tuple[str, Path]] = field(default_factory=dict)
    references: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    left_out: tuple[tuple[Path, str], ...] = ()
    notes: tuple[str, ...] = ()

    def study(self, analyses: Mapping[str, Mapping[str, Any]] | None = None) -> Study:
        """Return the study as a record, with analyses as study.yml would have them."""
        levels: dict[str, Any] = {}
        if self.order is not None:
            levels["timepoints"] = list(self.order.levels)
        if self.groups is not None:
            levels["groups"] = list(self.groups.levels)
        references: dict[str, Any] = {k: list(v) for k, v in self.references.items()}
        lists = references.pop("gene_list", [])
        if lists:
            references["gene_lists"] = {list_name(path): path for path in lists}
        if "network" in references:
            references["network"] = references["network"][0]
        return Study.model_validate(
            {
                "study": self.name,
                "samples": [block.record for block in self.sheets],
                **levels,
                "assays": {a.name: assay_record(a, self.sample) for a in self.assays},
                "derive": {name: derive_record(*of) for name, of in self.derive.items()},
                "reference": references,
                "analyses": dict(analyses or {}),
            }
        ).with_derived()

    @property
    def sample(self) -> str:
        """The first sheet's column of samples."""
        return self.sheets[0].roles["sample"]


def list_name(path: Path) -> str:
    """Return what a list of genes is called: its file without ending, in words."""
    return path.name.split(".")[0].replace("_", " ").strip() or "genes"


def assay_record(assay: ProposedAssay, sample: str) -> dict[str, Any]:
    """Return an assay as study.yml's record has it."""
    record: dict[str, Any] = {"kind": assay.kind, "files": list(assay.files)}
    read: dict[str, Any] = {}
    if assay.match.column not in (None, sample):
        record["sample"] = assay.match.column
    if assay.match.suffix is not None:
        read["strip_suffix"] = assay.match.suffix
    if assay.transcripts is not None:
        read["transcripts"] = assay.transcripts
    platform = platform_of(assay)
    if platform is not None:
        record["platform"] = platform
        read["collapse_replicates"] = True
    if assay.detection_p:
        record["detection_p"] = list(assay.detection_p)
    if assay.bead_count:
        record["bead_count"] = list(assay.bead_count)
    if assay.kind == "continuous" and assay.values.skewed:
        record["transform"] = "log2"
    return record | ({"read": read} if read else {})


def derive_record(source: str, profiles: Path) -> dict[str, Any]:
    """Return cell fractions as study.yml's record has them."""
    return {"from": source, "method": "cell_fractions", "reference": profiles}


def propose(looked: Sequence[Looked], interview: Interview, name: str) -> Proposal:
    """Propose a study from its files.

    Parameters
    ----------
    looked : sequence of Looked
    interview : Interview
        For what is not certain.
    name : str
        Of the study.

    Raises
    ------
    IngestError
        Nothing in a sheet goes with a matrix, or no column can name people.
    """
    main = main_sheet(looked)
    sample = _sample(main, interview)
    table = _one_row_a_sample(main.table, sample)
    tables = [t for f in looked if f.path not in main.matches for t in f.tables]
    people = [s for t in tables if t is not main.table and (s := sheet_of_people(table, t))]
    joined = [c for sheet in people for c in sheet.columns]
    names = _further_names(main, sample)
    roles = find_roles([*table.columns, *joined], sample, names, interview, main.table.words)
    used = {id(sheet.table) for sheet in people} | {id(main.table)}
    unmatched = [f for f in looked if f.path not in main.matches and f.what in ("matrix", "table")]
    visits = [
        sheet
        for t in tables
        if id(t) not in used
        and (sheet := sheet_of_visits(table, t, roles, [f for f in unmatched if t not in f.tables]))
    ]
    further = [*people, *visits]
    columns = [*table.columns, *(c for sheet in further for c in sheet.columns)]
    matches = {**main.matches, **{p: m for s in visits for p, m in s.matches.items()}}
    own = {s.sample for s in visits if s.sample is not None}
    assays = [_of_main(a, own, sample) for a in find_assays(looked, matches, sample, interview)]
    references, derive = choose_references(looked, assays, matches)
    seen = {*matches, *(t.table.path for t in further), main.table.path}
    return Proposal(
        name,
        sheet_blocks(main, table, roles, names, further),
        _order(columns, roles, interview),
        _groups(columns, roles, interview),
        tuple(assays),
        derive,
        references,
        files_left_out(looked, seen, references, derive, assays),
        tuple(roles.notes),
    )


def _of_main(assay: ProposedAssay, own: set[str], sample: str) -> ProposedAssay:
    """Let the block of a joined sheet name the samples, where its own column does."""
    if assay.match.column not in own:
        return assay
    return replace(assay, match=replace(assay.match, column=sample))


def _sample(main: MainSheet, interview: Interview) -> str:
    """Return the column of samples: complete, and named like it or in most matrices."""
    n: dict[str, float] = {}
    for found in main.matches.values():
        for match in found:
            if match.column is not None:
                n[match.column] = n.get(match.column, 0) + match.share
    complete = [c for c in main.table.columns if c.is_complete]
    unique = [c.name for c in complete if c.is_unique]
    likely = [c.name for c in complete if c.name in n]
    if not likely:
        return _without_a_match(main, unique, interview)
    places = {c.name: i for i, c in enumerate(main.table.columns)}
    return max(likely, key=lambda c: (c in unique, n[c], -places[c]))


def _without_a_match(main: MainSheet, unique: Sequence[str], interview: Interview) -> str:
    """Return the column of samples where matrices are matched by others, not in every row."""
    if not unique:
        raise IngestError(
            "no column of the sheet has a name for every sample",
            file=main.table.path,
            line=main.table.sheet.header_line,
            expected="a column with a value of its own in every row",
            found=", ".join(c.name for c in main.table.columns),
            hint="add one: the matrices' names may stand in further columns",
        )
    if len(unique) == 1:
        return unique[0]
    text = "Which column names the samples?"
    why = "each of its rows has a value of its own"
    return interview.settle(Question("samples.sample", text, unique[0], tuple(unique), why))


def _one_row_a_sample(table: SheetTable, sample: str) -> SheetTable:
    """Keep the first line of each sample, as ingest folds those of lanes."""
    names = table.column(sample).cells
    first = [i for i, name in enumerate(names) if name not in names[:i]]
    if len(first) == len(names):
        return table
    rows = tuple(table.sheet.rows[i] for i in first)
    columns = tuple(Column(c.name, tuple(c.cells[i] for i in first)) for c in table.columns)
    return SheetTable(replace(table.sheet, rows=rows), columns, table.worksheet)


def _further_names(main: MainSheet, sample: str) -> list[str]:
    """Return the columns with names of further assays, and those that repeat the samples'."""
    of_assays = {
        match.column
        for found in main.matches.values()
        for match in (best_match(found, sample),)
        if match.column not in (None, sample)
    }
    return sorted(c for c in of_assays if c is not None)


def _order(columns: Sequence[Column], roles: Roles, interview: Interview) -> Order | None:
    if roles.timepoint is None:
        return None
    timepoint = next(c for c in columns if c.name == roles.timepoint)
    subject = next(c for c in columns if c.name == roles.subject)
    rest = [c for c in columns if c.name not in roles.used]
    order = order_timepoints(timepoint, subject, rest)
    if order.sure:
        return order
    question = Question(
        "timepoints", "In which order do the timepoints come (with commas)?",
        ", ".join(order.levels), (), order.why,
    )  # fmt: skip
    answer = interview.settle(question)
    if interview.is_open("timepoints"):
        return order
    return Order(tuple(re.split(r"\s*,\s*", answer.strip())), "as you said", sure=True)


def _groups(columns: Sequence[Column], roles: Roles, interview: Interview) -> Groups | None:
    if roles.group is None:
        return None
    by_name = {c.name: c for c in columns}
    timepoint = None if roles.timepoint is None else by_name[roles.timepoint]
    return order_groups(by_name[roles.group], timepoint, interview)
