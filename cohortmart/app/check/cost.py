"""Cost of a run: a rough estimate of its disk and time."""

from __future__ import annotations

import math
from collections.abc import Mapping

from analyses.normalise.steps.registry import LAYER_STEPS
from cohortmart.app.check.analysis import AnalysisCheck
from cohortmart.app.check.matrix_size import estimated_rows, has_short_numbers
from cohortmart.app.check.measured import Measured
from cohortmart.core.study.kinds import BETA, KINDS
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.text import counted

# Measured on two busy cores; a run on another machine differs by a factor of two or so.
# Counts: the real study, 13,000 genes x 84 samples. Betas: a synthetic EPIC study, 866,000 probes
# x 134 samples = 116 million betas in a csv of 821 MB, one analysis of 67 samples, 20 contrasts.
COUNT_BYTES = 4.0 + 14.0  # a count: in the lake's Parquet, in the warehouse
BETA_BYTES = 1.8  # a beta of at most four decimals in the lake; the warehouse copies none
LONG_BETA_BYTES = 8.0  # a beta of more decimals
RESULT_BYTES = 70.0  # one feature of one contrast
COUNT_SECONDS = 3e-6  # a count, from the raw file to the tables
BETA_SECONDS = 31 / 116e6 + 60 / 116e6  # a beta: ingest, dbt
COUNT_FIT_SECONDS = {"log_cpm": 3e-4, "voom": 4e-4, "measured": 3e-4}  # a gene
COUNT_CONTRAST_SECONDS = 8e-6  # one gene of one contrast, written
# The analysis of betas took 40 s as a whole; that the fit has 25 of them is an estimate.
BETA_FIT_SECONDS = 25 / 58e6  # a beta
BETA_CONTRAST_SECONDS = 15 / (866e3 * 20)  # one probe of one contrast, written
FIXED_SECONDS = 25.0  # starting dbt twice
# Further fits: synthetic values of 60 samples in 15 blocks, on one busy core.
OWN_CORRELATION_SECONDS = {False: 1e-6, True: 7e-6}  # a value; True = with weights of its own
ARRAY_WEIGHT_SECONDS = {False: 1.4e-6, True: 2.8e-5}  # a value
EXPLAINED_SECONDS = 1e-5  # a feature, contrast and part, written
EXPLAINED_BYTES = 60.0  # the same
PERMUTATION_SECONDS = {False: 3e-7, True: 2.5e-6}  # a feature, contrast and permutation
# The following in processor time. Betas: the EPIC study, 840,526 probes; counts: the demo's 3,000
# genes x 68 samples. A signature of 15,000 or all of the probes against 26 contrasts.
VARIANCE_SECONDS = {False: 38.9 / (840_526 * 134), True: 0.55 / (3000 * 68)}  # a value, see above
IDENTITY_SECONDS = 10.4 / (840_526 * 134)  # a value
IDENTITY_SAMPLE_SECONDS = 6.5 / 432  # a sample of an assay, compared with all people
SIGNATURE_SECONDS = 15 / (840_526 * 26)  # a feature and contrast, read once for all signatures
DRAWN_SECONDS = 7 / 26  # a contrast and signature, beside rotations
RETURN_SECONDS = 25.5 / (840_526 * 3)  # a feature and visit
REGION_SECONDS = 27.3 / (840_526 * 26)  # a feature and contrast


def cost_text(study: Study, measured: Measured, checks: Mapping[str, AnalysisCheck]) -> str:
    """Return the estimate in plain words.

    Parameters
    ----------
    study : Study
    measured : Measured
    checks : mapping of str to AnalysisCheck
    """
    features: dict[str, float] = {}
    n_bytes, seconds = 0.0, FIXED_SECONDS
    for name, weights in measured.weights.items():
        features[name] = weights.rows["component"].n_unique()
    for name, assay in study.measured_assays.items():
        features[name] = max(estimated_rows(header) for header in measured.headers[name].values)
        values = features[name] * len(measured.sample_ids[name])
        if assay.kind != BETA:  # a measurement is taken to cost what a count does
            n_bytes, seconds = n_bytes + values * COUNT_BYTES, seconds + values * COUNT_SECONDS
        else:
            more = _of_betas(name, measured, features[name])
            n_bytes, seconds = n_bytes + more[0], seconds + more[1]
        seconds += values * IDENTITY_SECONDS
        seconds += len(measured.sample_ids[name]) * IDENTITY_SAMPLE_SECONDS
        for step in (LAYER_STEPS[layer] for layer in assay.layers[1:]):
            n_bytes += values * step.bytes_per_value
            seconds += values * step.seconds_per_value
    for name, check in checks.items():
        n, n_contrasts = features[study.analyses[name].assay], len(check.contrasts)
        n_bytes += n * n_contrasts * RESULT_BYTES
        seconds += _fit_seconds(study.analyses[name].values, n, check)
        seconds += further_seconds(study.analyses[name], n, check, study)
        n_bytes += n * _n_parts(study.analyses[name], check) * EXPLAINED_BYTES
    about = ", ".join(
        f"{name} about {counted(_rounded(features[name]), KINDS[assay.kind].feature)}"
        for name, assay in study.measured_assays.items()
    )
    return (
        f"A run takes roughly {_duration(seconds)} on two cores and {_size(n_bytes)} of disk "
        f"({about}).\n"
    )


def _of_betas(name: str, measured: Measured, rows: float) -> tuple[float, float]:
    """Return bytes and seconds up to the tables; detection p and beads count as further betas."""
    n_bytes = seconds = 0.0
    headers = measured.headers[name]
    for header in headers.values:
        values = rows * len(header.samples)
        for quantity in ("value", *header.further):
            short = has_short_numbers(header, quantity)
            n_bytes += values * (BETA_BYTES if short else LONG_BETA_BYTES)
            seconds += values * BETA_SECONDS
    for header in (h for given in headers.quality.values() for h in given):
        values = rows * len(header.samples)
        n_bytes += values * (BETA_BYTES if has_short_numbers(header) else LONG_BETA_BYTES)
        seconds += values * BETA_SECONDS
    return n_bytes, seconds


def _fit_seconds(values: str, rows: float, check: AnalysisCheck) -> float:
    n_contrasts = len(check.contrasts)
    if values in COUNT_FIT_SECONDS:
        return rows * (COUNT_FIT_SECONDS[values] + n_contrasts * COUNT_CONTRAST_SECONDS)
    n_samples = 0 if check.samples is None else check.samples.height
    return rows * (n_samples * BETA_FIT_SECONDS + n_contrasts * BETA_CONTRAST_SECONDS)


def further_seconds(analysis: Analysis, rows: float, check: AnalysisCheck, study: Study) -> float:
    """Return the seconds of what an analysis asks for beyond the fit of its contrasts.

    Parameters
    ----------
    analysis : Analysis
    rows : float
        Features of its assay.
    check : AnalysisCheck
        Its samples and contrasts.
    study : Study
    """
    n_contrasts = len(check.contrasts)
    values = rows * (0 if check.samples is None else check.samples.height)
    weighted = analysis.values == "voom"
    seconds = values * VARIANCE_SECONDS[weighted] + _findings_seconds(analysis, rows, check)
    if analysis.model.correlation == "per_feature":
        seconds += values * OWN_CORRELATION_SECONDS[weighted or analysis.array_weights]
    if weighted and analysis.voom.rounds == 2:
        seconds += rows * COUNT_FIT_SECONDS["voom"]
    if analysis.array_weights:
        seconds += values * ARRAY_WEIGHT_SECONDS[weighted]
    if analysis.permutations is not None:
        options = analysis.permutations
        n_tested = len(options.contrasts) or n_contrasts - len(check.unpermutable)
        each = PERMUTATION_SECONDS[weighted or analysis.array_weights]
        seconds += rows * n_tested * options.n * each
    if analysis.sensitivity is not None:
        seconds += _n_variants(analysis, study) * _fit_seconds(analysis.values, rows, check)
    return seconds + rows * _n_parts(analysis, check) * EXPLAINED_SECONDS


def _findings_seconds(analysis: Analysis, rows: float, check: AnalysisCheck) -> float:
    """Return the seconds of signatures, returns and regions."""
    n_contrasts, seconds = len(check.contrasts), 0.0
    if analysis.signatures:
        seconds += rows * n_contrasts * SIGNATURE_SECONDS
        seconds += len(analysis.signatures) * n_contrasts * DRAWN_SECONDS
    for one in analysis.return_to:
        seconds += rows * len(one.to) * RETURN_SECONDS
    if analysis.dmr is not None:
        seconds += rows * n_contrasts * REGION_SECONDS
    return seconds


def _n_parts(analysis: Analysis, check: AnalysisCheck) -> int:
    """Count the parts of a feature's changes: total, remaining, explained, each variable."""
    options = analysis.explained_by
    if options is None:
        return 0
    within = sum(c.kind in ("within", "mixed") for c in check.contrasts)
    return (len(options.contrasts) or within) * (3 + len(options.variables))


def _n_variants(analysis: Analysis, study: Study) -> int:
    """How many other models `sensitivity` fits: of the batch, the subject and each covariate."""
    of_batch = 3 if analysis.sensitivity and analysis.sensitivity.batch is not None else 0
    return of_batch + 2 + len({*analysis.model.covariates, *study.covariates, *study.factors})


def _rounded(value: float) -> int:
    digits = max(0, math.floor(math.log10(max(value, 1.0))) - 1)
    return int(round(value / 10**digits) * 10**digits)


def _duration(seconds: float) -> str:
    if seconds < 50:
        return f"{math.ceil(seconds / 10) * 10:.0f} seconds"
    if seconds < 90:
        return "a minute"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.0f} hours"


def _size(n_bytes: float) -> str:
    if n_bytes < 1e9:
        return f"{max(1, _rounded(n_bytes / 1e6))} MB"
    return f"{n_bytes / 1e9:.1f} GB"
