"""Page of methods: how the numbers came about, and how to make them again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cohortmart import __version__
from cohortmart.core.text import capital, counted
from cohortmart.report.blocks import (
    Block,
    Choice,
    Column,
    Figure,
    Page,
    Panel,
    Section,
    Table,
    Text,
)
from cohortmart.report.design_words import design_words
from cohortmart.report.figures.matrices import contrast_cells, design_cells
from cohortmart.report.naming import slugs
from cohortmart.report.pages.methods.derived import derived_section
from cohortmart.report.pages.methods.deviations import deviations
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source

#: A taller design matrix, or one with more cells, is told by its coefficients and not drawn:
#: with a level for each person a design is nearly as wide as it is tall.
MOST_SAMPLES, MOST_CELLS = 400, 10_000

_FILES = """
    select file, role, format, bytes, rows, columns, sha256, reader_version
    from ingested_file where status = 'current' order by role, file
"""
_CELLS = """
    select row, sample, coefficient, coefficient_order, value,
        (value - low) / case when high > low then high - low else 1e0 end as shade
    from (
        select d.*, s.sample,
            dense_rank() over (
                order by list_position($groups, s.study_group), length(s.subject), s.subject,
                    s.visit_order, s.visit_key, d.sample_order
            ) as row,
            min(d.value) over (partition by coefficient) as low,
            max(d.value) over (partition by coefficient) as high
        from design_matrix as d
        inner join shown_sample as s using (sample_id)
        where d.analysis = $analysis
    )
    order by row, coefficient_order
"""
_WEIGHTS = """
    select w.contrast, c.contrast_order, w.coefficient, w.coefficient_order, w.weight
    from contrast_weight as w
    inner join dim_contrast as c using (analysis, contrast)
    where w.analysis = $analysis
    order by c.contrast_order nulls last, w.contrast, w.coefficient_order
"""
_CONTRASTS = """
    select contrast, expression, meaning, kind, n_samples, n_subjects, n_complete
    from dim_contrast where analysis = $analysis order by contrast_order nulls last, contrast
"""


def methods_page(source: Source) -> Page:
    """Return the page that lets someone else repeat the study."""
    runs = {row["analysis"]: row for row in source.rows("select * from analysis_run")}
    return Page(
        "methods",
        "How it was done",
        "Commands, inputs, designs and versions: what it takes to make it all again.",
        (
            Section("To repeat it", _commands(source)),
            *_inputs(source),
            *derived_section(source),
            *_designs(source, runs),
            *_deviations(source, runs),
            *_versions(runs),
        ),
    )


def _commands(source: Source) -> tuple[Block, ...]:
    commands = (
        f"# cohortmart {__version__}, with the versions listed below\n"
        "cohortmart check study.yml\n"
        "cohortmart run study.yml --out DIR\n"
        f"cohortmart report --out DIR{' --pseudonymise' if source.pseudonymised else ''}"
    )
    blocks: list[Block] = [
        Text(commands, "code"),
    ]
    copy = source.home.study_copy
    if copy.exists() and not source.pseudonymised:
        blocks += [Text("study.yml:"), Text(copy.read_text(encoding="utf-8"), "code")]
    elif source.pseudonymised:
        blocks.append(
            Text(f"The study.yml stays in the house, as it can name {source.subject.many}.")
        )
    return tuple(blocks)


def _inputs(source: Source) -> tuple[Section, ...]:
    if not source.has_rows("ingested_file"):
        return ()
    files = source.table(_FILES)
    if source.pseudonymised:  # a file's name can hold a person's
        numbers = [f"file {i}" for i in range(1, files.num_rows + 1)]
        files = files.set_column(0, "file", pa.array(numbers, pa.string()))
    columns = (
        Column("file", "File"),
        Column("role", "Used as"),
        Column("format", "Format"),
        Column("bytes", "Bytes", "integer"),
        Column("rows", "Rows", "integer"),
        Column("columns", "Columns", "integer"),
        Column("sha256", "SHA-256"),
        Column("reader_version", "Reader"),
    )
    caption = ""
    query = "select * from ingested_file order by role, file"
    table = Table("methods-files", "Input files", caption, columns, files, query)
    return (Section("Inputs", (table,)),)


def _designs(source: Source, runs: dict[str, dict[str, Any]]) -> tuple[Section, ...]:
    short = slugs(source.analyses, source.names.words)
    panels = tuple(
        Panel(name, _design(source, name, runs[name], short[name])) for name in source.analyses
    )
    return (Section("Designs", (Choice("methods-design", "Analysis", panels),)),) if panels else ()


def _design(source: Source, name: str, run: dict[str, Any], short: str) -> tuple[Block, ...]:
    parameters = json.loads(run["parameters"])
    words = source.names.words
    blocks: list[Block] = [Text(words(line)) for line in design_words(parameters, source.subject)]
    correlation = source.value(
        "select consensus_correlation from dim_contrast where analysis = ? limit 1", [name]
    )
    if correlation is not None:
        blocks.append(
            Text(f"Correlation of two samples of one {source.subject.one}: {correlation:.3f}.")
        )
    blocks += [
        Text(words(f"{note[0].upper()}{note[1:]}.".replace("`", "'")))
        for note in _column(source, "analysis_note", "note", name, "kind <> 'preset'", "note_order")
    ]
    blocks += _matrices(source, name, short)
    people = source.subject.many
    contrasts = source.table(_CONTRASTS, {"analysis": name})
    blocks.append(
        Table(
            f"methods-contrasts-{short}",
            f"Contrasts of {name}",
            "",
            _contrast_columns(people),
            contrasts,
        )
    )
    return tuple(blocks)


def _contrast_columns(people: str) -> tuple[Column, ...]:
    return (
        Column("contrast", "Contrast"),
        Column("meaning", "In words"),
        Column("expression", "Expression"),
        Column("kind", f"Uses {people}"),
        Column("n_samples", "Samples", "integer"),
        Column("n_subjects", capital(people), "integer"),
        Column("n_complete", f"Complete {people}", "integer"),
    )


def _matrices(source: Source, name: str, short: str) -> list[Block]:
    found: list[Block] = []
    if not source.has_rows("design_matrix"):
        return found
    n, k = source.rows(
        "select max(sample_order) as n, max(coefficient_order) as k from design_matrix "
        "where analysis = ?", [name],
    )[0].values()  # fmt: skip
    if n is None:
        return found
    # a design holds ages, and with a level for each person their name
    if n <= MOST_SAMPLES and n * k <= MOST_CELLS and not source.pseudonymised:
        cells = source.table(_CELLS, {"analysis": name, "groups": list(source.groups)})
        n_people = source.value(
            "select count(distinct subject) from shown_sample where sample_id in "
            "(select sample_id from design_matrix where analysis = ?)", [name],
        )  # fmt: skip
        people = samples_of(source, n, n_people)
        found.append(
            Figure(
                f"methods-design-{short}",
                f"Design matrix of {name}",
                f"{people}.",
                f"Design matrix of {people} and {counted(k, 'coefficient')}.",
                design_cells(k, source.nouns, has_groups=source.has_groups),
                {"cells": cells},
                fit="scroll",
            )
        )
    weights = source.table(_WEIGHTS, {"analysis": name})
    if weights.num_rows:
        order = dict(
            sorted(
                zip(weights["coefficient_order"].to_pylist(), weights["coefficient"].to_pylist(),
                    strict=True)
            )
        )  # fmt: skip
        n_contrasts = len(set(weights["contrast"].to_pylist()))
        found.append(
            Figure(
                f"methods-weights-{short}",
                f"Contrasts of {name} as weights",
                f"{counted(n_contrasts, 'contrast')} of {len(order)} coefficients.",
                f"Weights of {counted(n_contrasts, 'contrast')} on {len(order)} coefficients.",
                contrast_cells(list(order.values())),
                {"cells": weights},
                fit="scroll",
            )
        )
    return found


def _deviations(source: Source, runs: dict[str, dict[str, Any]]) -> tuple[Section, ...]:
    if not any(_names_paper(json.loads(runs[name]["parameters"])) for name in source.analyses):
        return ()  # the study does not follow the model study
    rows = [
        row
        for name in source.analyses
        for row in deviations(name, json.loads(runs[name]["parameters"]), source.nouns)
    ]
    blocks: list[Block] = []
    if rows:
        blocks.append(
            Table(
                "methods-deviations",
                "Choices that differ from the model study",
                "Zenere et al. 2023 (doi 10.1186/s12974-023-02781-2).",
                (
                    Column("analysis", "Analysis"),
                    Column("about", "Choice"),
                    Column("paper", "The model study"),
                    Column("here", "Here"),
                    Column("changes", "What it changes"),
                ),
                pa.Table.from_pylist(rows),
            )
        )
    for name in source.analyses:
        copied = _column(source, "analysis_note", "note", name, "kind = 'preset'", "note_order")
        blocks += [Text(f"{name}: {source.names.words(note)}.") for note in copied]
    return (Section("Against the model study", tuple(blocks)),) if blocks else ()


def _names_paper(parameters: Mapping[str, Any]) -> bool:
    """Whether an analysis does as the model study did where study.yml can say so."""
    rebound, modules = (parameters.get(key) or {} for key in ("rebound", "modules"))
    return "paper" in (rebound.get("preset"), modules.get("mode"))


def _column(
    source: Source, table: str, column: str, analysis: str, condition: str, order: str
) -> list[str]:
    """Return one column of the rows of an analysis."""
    if not source.has_rows(table):
        return []
    rows = source.rows(
        f"select {column} from {table} where analysis = ? and {condition} order by {order}",
        [analysis],
    )
    return [row[column] for row in rows]


def _versions(runs: dict[str, dict[str, Any]]) -> tuple[Section, ...]:
    rows = sorted(
        {
            (name, version)
            for run in runs.values()
            for name, version in (
                ("cohortmart", run["cohortmart_version"]),
                *json.loads(run["library_versions"]).items(),
            )
        }
    )
    if not rows:
        return ()
    table = Table(
        "methods-versions",
        "Versions",
        "",
        (Column("program", "Program"), Column("version", "Version")),
        pa.table({"program": [r[0] for r in rows], "version": [r[1] for r in rows]}),
        "select distinct cohortmart_version, library_versions from analysis_run",
    )
    return (Section("Versions", (table,)),)
