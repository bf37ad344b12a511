"""Flags of samples and batches: what is odd, found in the tables by SQL, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cohortmart.core.schemas.tables import SAMPLE_COLUMNS
from cohortmart.core.study.kinds import BETA
from cohortmart.core.text import Noun, counted, listed
from cohortmart.core.warehouse.quoting import identifier
from cohortmart.report.pages.quality.adjusted import all_weighted, unadjusted
from cohortmart.report.pages.quality.assays import ALL_SAMPLES, Assay
from cohortmart.report.pages.quality.likeness import LIKENESS, likeness_of
from cohortmart.report.pages.quality.samples import SMALL_LIBRARY
from cohortmart.report.source import Source

#: Two variables that go together more than this can hardly be told apart.
STRONG = 0.8
#: A component that a factor explains this much of, with a P value (times the number of
#: variables and components looked at) below the other number, goes with that factor.
LARGE_SHARE, SMALL_P = 0.3, 0.01
#: What explains this part of what a factor does explains it as well.
AS_WELL = 0.9
#: As many are named, the others counted.
_NAMED = 6

_SMALL = """
    select s.sample_id, s.sample, q.lib_size / 1e6 as millions, q.lib_size / m.middle as share
    from qc_sample as q
    inner join shown_sample as s using (sample_id)
    cross join (select median(lib_size) as middle from qc_sample where assay = $assay) as m
    where q.assay = $assay and q.lib_size < $share * m.middle
    order by q.lib_size, length(s.sample), s.sample
"""
_UNLIKE = f"""
    select sample_id, sample, median_r, middle from ({LIKENESS}) where is_far
    order by median_r, length(sample), sample
"""
#: The strongest component of each factor, unless group, visit or cell type explain it as well:
#: a slide that holds one cell type only goes with all that the cell type goes with.
_BATCH = """
    with tested as (
        select v.*, c.variance_share, v.p_value * count(*) over () as p_of_all,
            coalesce(max(case when list_contains($roles, v.variable)
                and v.variable <> 'subject_id' then v.r_squared end)
                over (partition by v.component), 0) as of_roles
        from qc_pca_covariate as v
        inner join qc_pca_component as c using (assay, sample_set, component)
        where v.assay = $assay and v.sample_set = $sample_set and v.component <= 3
            and c.variance_share is not null
    ),
    found as (
        select *,
            row_number() over (partition by variable order by r_squared desc, component) as place
        from tested
        where kind = 'factor' and not list_contains($roles, variable)
            and p_of_all < $small and r_squared > $large and of_roles < $as_well * r_squared
    )
    select variable, component, variance_share, r_squared, p_value
    from found where place = 1 order by variable
"""
#: In the samples of the analyses; in all samples where there is no analysis.
_TOGETHER = """
    with analysed as (
        select sample_set from qc_sample_set where assay = $assay
        group by sample_set having count(analysis) > 0
    ),
    found as (
        select first_variable, second_variable, statistic, strength, sample_set
        from qc_association
        where assay = $assay and strength > $strong and p_value < 1e-2
            and (sample_set in (select sample_set from analysed)
                or sample_set = $sample_set and not exists (select 1 from analysed))
            -- a number that goes with the timepoints, as the week does, is no accident
            and (
                'study_group' in (first_variable, second_variable)
                or 'timepoint' in (first_variable, second_variable)
                and statistic = 'Cramér''s V'
            )
            and list_contains($roles, first_variable) <> list_contains($roles, second_variable)
    )
    select * from found
    order by strength desc, sample_set desc, first_variable, second_variable
"""
_SETS = """
    select sample_set, list(analysis order by analysis) as analyses from qc_sample_set
    where assay = ? and analysis is not null
    group by sample_set order by sample_set
"""
_ANALYSES_OF_SET = """
    select analysis from qc_sample_set
    where assay = $assay and sample_set = $sample_set and analysis is not null
"""
_IS_VISIT_KEY = """
    select bool_and(list_contains(string_split(visit_key, '|'), cast({column} as varchar)))
    from dim_sample where visit_key <> '' and {column} is not null
"""


def quality_flags(source: Source, assay: Assay) -> list[str]:
    """Return what is odd about the samples of an assay; none where nothing is."""
    return [
        *_left_out(source, assay),
        *open_flags(source, assay),
    ]


def open_flags(source: Source, assay: Assay) -> list[str]:
    """Return what of it asks for something to be done, and what that is."""
    return [
        *_small_libraries(source, assay),
        *_unlike_others(source, assay),
        *_batches(source, assay),
        *_confounded(source, assay),
    ]


def _left_out(source: Source, assay: Assay) -> Iterator[str]:
    rows = source.rows(
        "select s.sample, q.filter_reason from qc_sample as q"
        " inner join shown_sample as s using (sample_id)"
        " where q.assay = ? and q.filter_reason is not null order by length(s.sample), s.sample",
        [assay.name],
    )
    if rows:
        said = [f"{r['sample']} ({source.names.words(r['filter_reason'])})" for r in rows]
        yield f"{assay.name}: {counted(len(rows), 'sample')} left out: {listed(said, most=_NAMED)}."


def small_libraries(source: Source, assay: Assay) -> list[dict[str, Any]]:
    """Return the samples with few reads: sample_id, sample, millions, share (of the median).

    None where all analyses weigh their samples, and so know of it.
    """
    if not assay.is_counts:
        return []
    rows = source.rows(_SMALL, {"assay": assay.name, "share": SMALL_LIBRARY})
    return [] if not rows or all_weighted(source, assay.name) else rows


def unlike_others(source: Source, assay: Assay) -> list[dict[str, Any]]:
    """Return the samples far from the others: sample_id, sample, median_r, middle (of all)."""
    if not source.has_rows("qc_sample_correlation"):
        return []
    return source.rows(_UNLIKE, likeness_of(assay))


def _small_libraries(source: Source, assay: Assay) -> Iterator[str]:
    rows = small_libraries(source, assay)
    if rows:
        said = [f"{r['sample']} ({r['millions']:.2g} million)" for r in rows]
        yield (
            f"{assay.name}: fewer than a quarter of the median reads in "
            f"{counted(len(rows), 'sample')}: {listed(said, most=_NAMED)}. Leave them out "
            "('where'), or let them count less ('array_weights: true')."
        )


def _unlike_others(source: Source, assay: Assay) -> Iterator[str]:
    rows = unlike_others(source, assay)
    if rows:
        of_type = " of the same cell type" if source.has_cell_types else ""
        said = [f"{r['sample']} (median r {r['median_r']:.3f})" for r in rows]
        yield (
            f"{assay.name}: {counted(len(rows), 'sample')} far less like the others{of_type}, "
            f"whose median r is {rows[0]['middle']:.3f}: "
            f"{listed(said, most=_NAMED)}. Failed or mislabelled? Then leave them out ('where')."
        )


def _batches(source: Source, assay: Assay) -> Iterator[str]:
    """Say which factors go with much of what differs, in the samples that do not know them."""
    if not (source.has_rows("qc_pca_covariate") and source.has_rows("qc_pca_component")):
        return
    given = {**_looked_at(assay), "small": SMALL_P, "large": LARGE_SHARE, "as_well": AS_WELL}
    strongest: dict[str, dict[str, Any]] = {}
    touched: dict[str, list[str]] = {}
    for sample_set, analyses in _analysed_sets(source, assay):
        for row in source.rows(_BATCH, given | {"sample_set": sample_set}):
            variable = row["variable"]
            if source.value(_IS_VISIT_KEY.format(column=identifier(variable))):
                continue  # samples of one timepoint that are meant to differ, stimulated ones say
            open_to = unadjusted(source, assay.name, variable)
            unaware = analyses if open_to is None else [a for a in open_to if a in analyses]
            if analyses and not unaware:
                continue
            touched.setdefault(variable, []).extend(unaware)
            best = strongest.setdefault(variable, row)
            if row["r_squared"] > best["r_squared"]:
                strongest[variable] = row
    for variable, row in sorted(strongest.items()):
        in_model = listed(touched[variable], most=_NAMED) or "the analyses"
        yield (
            f"{assay.name}: {variable} goes with component {row['component']}, which holds "
            f"{100 * row['variance_share']:.0f} % of all differences (R squared "
            f"{row['r_squared']:.2f}, P = {row['p_value']:.1g}), and is not in the model of "
            f"{in_model}. Add it to 'covariates'{_instead(assay)}."
        )


def _instead(assay: Assay) -> str:
    """Return what takes a batch out before any model, by the kind of the assay."""
    step = "combat_seq" if assay.is_counts else "combat" if assay.kind.name == BETA else ""
    return f", or take it out by '{step}' in 'normalise'" if step else ""


def _analysed_sets(source: Source, assay: Assay) -> list[tuple[str, list[str]]]:
    """Return the sets of samples that analyses take, with these; all samples where none does."""
    if not source.has_rows("qc_sample_set"):
        return [(ALL_SAMPLES, [])]
    rows = source.rows(_SETS, [assay.name])
    return [(r["sample_set"], r["analyses"]) for r in rows] or [(ALL_SAMPLES, [])]


def _confounded(source: Source, assay: Assay) -> Iterator[str]:
    if not (source.has_rows("qc_association") and source.has_rows("qc_sample_set")):
        return
    compared = {"study_group": Noun("group", "groups"), "timepoint": source.timepoint}
    said: set[tuple[str, str]] = set()
    for row in source.rows(_TOGETHER, {**_looked_at(assay), "strong": STRONG}):
        pair = (row["first_variable"], row["second_variable"])
        other = next(v for v in pair if v not in compared)
        if pair in said or _is_adjusted_for(source, assay, row["sample_set"], other):
            continue
        said.add(pair)
        role = next(compared[v] for v in pair if v in compared)
        where = row["sample_set"]
        samples = where if where == ALL_SAMPLES else f"the samples of {where}"
        yield (
            f"{assay.name}: {other} and {role.one} go together in {samples} ({row['statistic']} "
            f"{row['strength']:.2f} of 1): differences between the {role.many} may be due to it. "
            "Add it to 'covariates' and see what remains."
        )


def _is_adjusted_for(source: Source, assay: Assay, sample_set: str, variable: str) -> bool:
    """Whether every analysis of a set of samples has a variable in its model."""
    given = {"assay": assay.name, "sample_set": sample_set}
    of_set = {row["analysis"] for row in source.rows(_ANALYSES_OF_SET, given)}
    open_to = unadjusted(source, assay.name, variable)
    return bool(of_set) and open_to is not None and not of_set & set(open_to)


def _looked_at(assay: Assay) -> dict[str, Any]:
    return {
        "assay": assay.name, "sample_set": ALL_SAMPLES, "roles": list(SAMPLE_COLUMNS.names)
    }  # fmt: skip
