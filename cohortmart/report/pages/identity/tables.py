"""Tables of identity: what is said of the samples in numbers, those that are odd, odd pairs."""

from __future__ import annotations

from cohortmart.core.text import capital, counted
from cohortmart.report.blocks import Column, Table
from cohortmart.report.source import Source

_NUMBERS = """select assay, count(*) as n,
    count(*) filter (verdict = 'as said') as as_said,
    count(*) filter (verdict = 'exchanged') as exchanged,
    count(*) filter (verdict = 'other person') as other_person,
    count(*) filter (verdict = 'other sex') as other_sex,
    count(*) filter (verdict = 'contaminated') as contaminated,
    count(*) filter (verdict = 'cannot tell') as cannot_tell,
    median(n_snps) filter (n_snps > 0) as n_snps
from qc_identity
group by assay
order by assay"""
_SAMPLES = """select i.assay, s.sample, i.verdict, s.subject as said, l.subject as likely,
    i.posterior, x.sample as exchanged_with, i.evidence, i.n_snps, i.contamination_score,
    i.said_sex, i.told_sex, i.reason
from qc_identity as i
inner join shown_sample as s using (sample_id)
left join (select distinct subject_id, subject from shown_sample) as l
    on i.likely_subject_id = l.subject_id
left join shown_sample as x on i.exchanged_with = x.sample_id
order by i.verdict in ('as said', 'cannot tell'), i.verdict = 'as said', i.verdict, i.assay,
    s.sample"""
_ALL = """select * from qc_identity
order by verdict in ('as said', 'cannot tell'), verdict = 'as said', verdict, assay, sample_id"""
_PAIRS = """select p.first_assay, a.sample as first_sample, a.subject as first_subject,
    p.second_assay, b.sample as second_sample, b.subject as second_subject,
    replace(p.said, 'person', $one) as said, replace(p.found, 'person', $one) as found,
    p.agreement, p.n_snps, p.log10_ratio, e.sample as exchange,
    w.sample as exchange_with
from qc_identity_pair as p
inner join shown_sample as a on p.first_sample_id = a.sample_id
inner join shown_sample as b on p.second_sample_id = b.sample_id
left join shown_sample as e on p.exchange = e.sample_id
left join shown_sample as w on p.exchange_with = w.sample_id
order by p.said desc, first_sample, second_sample"""
_ALL_PAIRS = "select * from qc_identity_pair order by said desc, first_sample_id, second_sample_id"
#: Columns that stand only where they say something.
_NUMBERS_COLUMNS = (
    Column("exchanged", "Exchanged", "integer"),
    Column("other_person", "Other {subject}", "integer"),
    Column("other_sex", "Other sex", "integer"),
    Column("contaminated", "Contaminated", "integer"),
)


def numbers_table(source: Source) -> Table:
    """Return how many samples of each assay are as the sheet says, and what the others are."""
    rows = source.table(_NUMBERS)
    odd = [
        Column(c.name, c.label.format(subject=source.subject.one), c.kind)
        for c in _NUMBERS_COLUMNS
        if any(rows[c.name].to_pylist())
    ]
    snps = [Column("n_snps", "SNPs", "integer")] if any(rows["n_snps"].to_pylist()) else []
    return Table(
        "identity-numbers",
        "Samples in numbers",
        "",
        (
            Column("assay", "Assay"),
            Column("n", "Samples", "integer"),
            Column("as_said", "As the sheet says", "integer"),
            *odd,
            Column("cannot_tell", "Cannot be told", "integer"),
            *snps,
        ),
        rows,
        _NUMBERS,
    )


def samples_table(source: Source) -> Table:
    """Return what is said of single samples, those that are odd first."""
    most = source.detail.top_features
    rows = source.table(_SAMPLES)
    shown, subject = rows.slice(0, most), source.subject.one
    columns = (
        Column("sample", "Sample"),
        Column("assay", "Assay"),
        Column("verdict", "Verdict"),
        Column("said", f"{capital(subject)} by the sheet"),
        Column("likely", f"{capital(subject)} by the data"),
        Column("posterior", "Posterior", "number"),
        Column("exchanged_with", "Exchanged with"),
        Column("said_sex", "Sex by the sheet"),
        Column("told_sex", "Sex by the data"),
        Column("contamination_score", "Contamination", "number"),
        Column("reason", "Why"),
    )
    return Table(
        "identity-samples",
        "Whose each sample is",
        f"What is odd first; {counted(shown.num_rows, 'row')} of {rows.num_rows:,}.",
        tuple(c for c in columns if any(v is not None for v in shown[c.name].to_pylist())),
        shown,
        _ALL,
    )


def pairs_table(source: Source) -> Table | None:
    """Return pairs whose genotypes are at odds with the sheet; None where there is none."""
    if not source.has_rows("qc_identity_pair"):
        return None
    most, subject = source.detail.top_features, source.subject.one
    rows = source.table(_PAIRS, {"one": subject})
    shown = rows.slice(0, most)
    columns = (
        Column("first_sample", "Sample"),
        Column("first_subject", capital(subject)),
        Column("second_sample", "And"),
        Column("second_subject", capital(subject)),
        Column("said", "By the sheet"),
        Column("found", "By genotype"),
        Column("agreement", "Equal genotypes", "number"),
        Column("n_snps", "SNPs", "integer"),
        Column("log10_ratio", "log10 likelihood ratio", "number"),
        Column("exchange", "Exchange"),
        Column("exchange_with", "with"),
    )
    return Table(
        "identity-pairs",
        "Pairs whose genotypes are at odds with the sheet",
        f"{counted(shown.num_rows, 'pair')} of {rows.num_rows:,}.",
        tuple(c for c in columns if any(v is not None for v in shown[c.name].to_pylist())),
        shown,
        _ALL_PAIRS,
    )
