"""What must hold for what an analysis looks for behind its contrasts; see `validate_study`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from cohortmart.core.study.faults import Fault
from cohortmart.core.study.findings_records import Enrichment
from cohortmart.core.study.kinds import CONTINUOUS, COUNTS, KINDS
from cohortmart.core.study.records import CONTRAST_FAMILIES, Analysis, Study
from cohortmart.core.study.yaml_positions import KeyPath
from cohortmart.core.text import did_you_mean

#: Collections of gene sets that are not files.
GENE_LISTS, FROM_CONTRASTS = "gene_lists", "contrasts"


def validate_findings(
    study: Study, name: str, analysis: Analysis, here: KeyPath
) -> Iterator[Fault]:
    """Yield what is wrong with the findings that an analysis asks for.

    Parameters
    ----------
    study : Study
    name : str
        Of the analysis.
    analysis : Analysis
    here : KeyPath
        Where the analysis stands.
    """
    if analysis.rebound is not None:
        yield from _check_pairs(study, analysis, (*here, "rebound", "pairs"))
    if analysis.dmr is not None:
        yield from _check_dmr(study, analysis, (*here, "dmr"))
    if analysis.dmp_deg is not None:
        yield from _check_dmp_deg(study, analysis, (*here, "dmp_deg"))
    if analysis.enrichment is not None:
        yield from _check_enrichment(study, name, analysis.enrichment, (*here, "enrichment"))
    if analysis.modules is not None:
        yield from _check_modules(study, analysis, (*here, "modules"))


def written_contrasts(analysis: Analysis) -> list[str] | None:
    """Return the names of the contrasts; None where a family makes some that are not known yet."""
    if any(name in CONTRAST_FAMILIES for name in analysis.contrasts):
        return None
    return list(analysis.contrasts)


def _check_pairs(study: Study, analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    assert analysis.rebound is not None
    names = written_contrasts(analysis)
    seen: set[tuple[str, ...]] = set()
    for i, pair in enumerate(analysis.rebound.pairs):
        if pair[0] == pair[1]:
            yield Fault(
                (*here, i),
                "a contrast is paired with itself",
                expected="two different contrasts: a change, and the one that follows it",
                found=f"[{pair[0]}, {pair[1]}]",
                hint="name the second change, as in [3rd-1st, PP-3rd]",
            )
        if pair in seen:
            yield Fault(
                (*here, i),
                "the same pair stands twice in `pairs`",
                expected="each pair once",
                found=f"[{pair[0]}, {pair[1]}]",
                hint="delete one of the two",
            )
        seen.add(pair)
        for j, contrast in enumerate(pair if names is not None else ()):
            assert names is not None
            known = [*names, *without_group(names, study.groups)]
            if contrast not in known:
                yield Fault(
                    (*here, i, j),
                    f"the analysis has no contrast `{contrast}`",
                    expected="a contrast, or one without its group: "
                    + ", ".join(dict.fromkeys(known)),
                    found=contrast,
                    hint=did_you_mean(contrast, known) or "define it under `contrasts`",
                )


def without_group(names: Collection[str], groups: Sequence[str]) -> list[str]:
    """Return the contrasts of single groups without their group: `HP_3rd-1st` -> `3rd-1st`."""
    return [n.removeprefix(f"{g}_") for g in groups for n in names if n.startswith(f"{g}_")]


def _check_dmr(study: Study, analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    kind = _kind(study, analysis)
    if kind in (COUNTS, CONTINUOUS):
        yield Fault(
            here,
            f"`dmr` stands in an analysis of {KINDS[str(kind)].measured}",
            of_key=True,
            expected="an analysis of betas, whose CpGs lie side by side on a chromosome",
            hint="move it to the analysis of the methylation, or leave it out",
        )
    elif kind is not None and not study.reference.manifest:
        yield Fault(
            here,
            "`dmr` needs to know where the CpGs lie",
            of_key=True,
            expected="`manifest: FILE` under `reference`, with chromosome and position",
            hint="name the manifest of the array there, or leave `dmr` out",
        )


def _check_dmp_deg(study: Study, analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    assert analysis.dmp_deg is not None
    other = analysis.dmp_deg.expression
    of_counts = [n for n, a in study.analyses.items() if _kind(study, a) == "counts"]
    if _kind(study, analysis) in (COUNTS, CONTINUOUS):
        yield Fault(
            here,
            f"`dmp_deg` stands in an analysis of {KINDS[str(_kind(study, analysis))].measured}",
            of_key=True,
            expected="an analysis of betas, which names the one of the genes",
            hint="move it to the analysis of the methylation",
        )
    elif other not in of_counts:
        yield Fault(
            (*here, "expression"),
            f"there is no analysis of counts called `{other}`",
            expected="one of " + ", ".join(of_counts) if of_counts else "an analysis of counts",
            found=other,
            hint=did_you_mean(other, of_counts) or "name the analysis of the genes",
        )
    else:
        own, theirs = written_contrasts(analysis), written_contrasts(study.analyses[other])
        if own is not None and theirs is not None and not set(own) & set(theirs):
            yield Fault(
                (*here, "expression"),
                f"`{other}` has no contrast of the same name",
                expected="contrasts that both analyses call the same: " + ", ".join(own),
                found=", ".join(theirs),
                hint="give the contrasts of both analyses the same names",
            )


def _kind(study: Study, analysis: Analysis) -> str | None:
    assay = study.assays.get(analysis.assay)
    return None if assay is None else assay.kind


def _check_enrichment(
    study: Study, name: str, options: Enrichment, here: KeyPath
) -> Iterator[Fault]:
    reference = study.reference
    if not (reference.gene_sets or reference.gene_lists or options.from_contrasts):
        yield Fault(
            here,
            "there is no gene set to test for",
            of_key=True,
            expected="`gene_sets: [FILE.gmt]` or `gene_lists: {name: FILE}` under `reference`",
            hint="name a GMT file there, or leave `enrichment` out",
        )
    if _kind(study, study.analyses[name]) == "beta" and "over_representation" not in options.tests:
        yield Fault(
            (*here, "tests"),
            "camera and gsea rank genes, which an analysis of betas does not",
            expected="over_representation among the tests",
            found=", ".join(options.tests),
            hint="add over_representation, or leave `tests` out",
        )
    if options.minimum_size > options.maximum_size:
        yield Fault(
            (*here, "minimum_size"),
            "`minimum_size` is above `maximum_size`",
            expected=f"a number up to {options.maximum_size}",
            found=str(options.minimum_size),
            hint="swap or correct the two",
        )
    names = written_contrasts(study.analyses[name])
    for i, contrast in enumerate(options.contrasts if names is not None else ()):
        assert names is not None
        if contrast not in names:
            yield _unknown((*here, "contrasts", i), "contrast", contrast, names)
    known = [collection_name(path.name) for path in reference.gene_sets]
    known += [GENE_LISTS] if reference.gene_lists else []
    known += [FROM_CONTRASTS] if options.from_contrasts else []
    for i, collection in enumerate(options.collections):
        if collection not in known:
            yield _unknown((*here, "collections", i), "collection", collection, known)
    for label, genes in options.from_contrasts.items():
        place = (*here, "from_contrasts", label)
        if genes.analysis not in study.analyses:
            analyses = list(study.analyses)
            yield _unknown((*place, "analysis"), "analysis", genes.analysis, analyses)
            continue
        theirs = written_contrasts(study.analyses[genes.analysis])
        if theirs is not None and genes.contrast not in theirs:
            yield _unknown((*place, "contrast"), "contrast", genes.contrast, theirs)


def collection_name(file_name: str) -> str:
    """Return what the gene sets of a GMT file are called together: its name without endings."""
    return re.sub(r"(\.gmt)?(\.(gz|zst|bz2|xz))?$", "", file_name, flags=re.IGNORECASE)


def _unknown(path: KeyPath, what: str, found: str, known: Sequence[str]) -> Fault:
    return Fault(
        path,
        f"there is no {what} `{found}`",
        expected="one of " + ", ".join(known) if known else f"a {what}",
        found=found,
        hint=did_you_mean(found, known) or "correct the name",
    )


def _check_modules(study: Study, analysis: Analysis, here: KeyPath) -> Iterator[Fault]:
    if analysis.rebound is None:
        yield Fault(
            here,
            "`modules` needs seeds: the genes that rebound",
            of_key=True,
            expected="`rebound: {pairs: [...]}` in the same analysis",
            hint="add `rebound`, or leave `modules` out",
        )
    if study.reference.network is None:
        yield Fault(
            here,
            "`modules` needs an interaction network",
            of_key=True,
            expected="`network: FILE` under `reference`, two genes a line",
            hint="name the edge list there, or leave `modules` out",
        )
