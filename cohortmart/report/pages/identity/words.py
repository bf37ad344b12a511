"""Words of identity: what is odd of whose samples are, a sentence each, with what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from cohortmart.core.text import Noun, counted, joined, listed
from cohortmart.report.source import Source

#: As many samples are named, the others counted.
_NAMED = 6
#: Who a sample is shown as; `{shown}` has sample_id, sample, subject_id and subject.
ODD = """
    select i.assay, s.sample, s.sample_id, s.subject as said, l.subject as likely,
        x.sample as exchanged_with, i.verdict, i.posterior, i.evidence, i.contamination_score,
        i.said_sex, i.told_sex, i.sex_evidence, i.reason
    from qc_identity as i
    inner join {shown} as s on i.sample_id = s.sample_id
    left join (select distinct subject_id, subject from {shown}) as l
        on i.likely_subject_id = l.subject_id
    left join {shown} as x on i.exchanged_with = x.sample_id
    where i.verdict not in ('as said', 'cannot tell')
    order by list_position(
            ['exchanged', 'other person', 'other sex', 'contaminated'], i.verdict
        ), i.assay, length(s.sample), s.sample
"""


def identity_flags(source: Source) -> list[str]:
    """Return what is odd of whose samples are; none where nothing is.

    Parameters
    ----------
    source : Source
        In a report without names nothing is said of which samples are of one person.
    """
    if not source.has_rows("qc_identity"):
        return []
    rows = source.rows(ODD.format(shown="shown_sample"))
    return odd_sentences(rows, source.subject, with_people=not source.pseudonymised)


def odd_sentences(
    rows: Sequence[Mapping[str, Any]], subject: Noun, *, with_people: bool = True
) -> list[str]:
    """Return a sentence for every exchange, and for what else is odd of samples.

    Parameters
    ----------
    rows : sequence of mapping
        Of `ODD`.
    subject : Noun
        What the study calls a person.
    with_people : bool
        Whether people are named.
    """
    of = {verdict: list(some) for verdict, some in groupby(rows, key=lambda r: r["verdict"])}
    said = [_exchange(row, with_people) for row in of.get("exchanged", []) if _is_first(row)]
    said += [_other(row, subject, with_people) for row in of.get("other person", [])]
    said += _sexes(of.get("other sex", []), subject, with_people)
    for assay, some in groupby(of.get("contaminated", []), key=lambda r: r["assay"]):
        names = [f"{r['sample']} (score {r['contamination_score']:.1f})" for r in some]
        said.append(
            f"{assay}: contaminated or failed by {_of('its', 'their', names)} SNPs: "
            f"{listed(names, most=_NAMED)}. Leave {_of('it', 'them', names)} out ('where')."
        )
    return said


def _of(one: str, many: str, names: Sequence[str]) -> str:
    return one if len(names) == 1 else many


def _is_first(row: Mapping[str, Any]) -> bool:
    """Tell whether the sample's name is the first of the two, so that an exchange is told once."""
    return bool(row["sample"] < row["exchanged_with"])


def _exchange(row: Mapping[str, Any], with_people: bool) -> str:
    whose = (
        f" {row['sample']}, said to be of {row['said']}, is of {row['likely']}, and the other way "
        "round." if with_people else ""
    )  # fmt: skip
    return (
        f"{row['assay']}: {row['sample']} and {row['exchanged_with']} are exchanged, by "
        f"{_by(row['evidence'])}.{whose} Exchange their names in the sample sheet."
    )


def _other(row: Mapping[str, Any], subject: Noun, with_people: bool) -> str:
    whose = f"of {row['likely']}" if row["likely"] else "of nobody else in the study"
    but = f"not of {row['said']}, but {whose}" if with_people else f"of another {subject.one}"
    return (
        f"{row['assay']}: {row['sample']} is {but}, by {_by(row['evidence'])}. Look for it in the "
        "laboratory's lists, or leave it out ('where')."
    )


def _sexes(rows: Sequence[Mapping[str, Any]], subject: Noun, with_people: bool) -> list[str]:
    """Say of each person what the sex is; where people have no names, of how many samples.

    There the samples are not named: they may be those of one person.
    """
    said = []
    key = "said" if with_people else "told_sex"
    ordered = sorted(rows, key=lambda r: (len(r[key]), r[key]))
    for person, some in groupby(ordered, key=lambda r: r[key]):
        found = list(some)
        names = list(dict.fromkeys(row["sample"] for row in found))
        whose = f"{subject.one} {person}" if with_people else counted(len(names), "sample")
        of = f" ({counted(len(names), 'sample')}: {listed(names, most=3)})" if with_people else ""
        evidence = sorted({part for r in found for part in (r["sex_evidence"] or "").split(", ")})
        said.append(
            f"{whose}{of}: {found[0]['told_sex']} by {joined(evidence)}, and "
            f"{found[0]['said_sex']} by the sheet. One of the two is wrong."
        )
    return said


def _by(evidence: str | None) -> str:
    return joined((evidence or "").split(", "))
