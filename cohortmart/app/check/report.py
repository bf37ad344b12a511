"""The report of `cohortmart check`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cohortmart.app.check.analysis import AnalysisCheck, check_analysis
from cohortmart.app.check.combat import CombatCheck, check_combat
from cohortmart.app.check.combat_words import combat_text, combat_warnings
from cohortmart.app.check.cost import cost_text
from cohortmart.app.check.derived import derived_text
from cohortmart.app.check.filters import filter_notes, manifest_notes
from cohortmart.app.check.genes import genes_text
from cohortmart.app.check.identity import identity_text
from cohortmart.app.check.measured import Measured, open_samples, read_measured
from cohortmart.app.check.paragraphs import block
from cohortmart.app.check.signatures import signatures_text
from cohortmart.app.check.visits import visits_text
from cohortmart.app.check.words import analysis_text, warnings_of
from cohortmart.app.study_file import load_study
from cohortmart.core.study.kinds import KINDS
from cohortmart.core.study.records import Study
from cohortmart.core.text import counted
from cohortmart.core.warehouse.user_project import user_models_note


@dataclass(frozen=True)
class Report:
    """What `cohortmart check` says.

    Parameters
    ----------
    text : str
        For people.
    faulty : tuple of str
        What cannot be computed as it is written: analyses, and `combat of ASSAY` (or combat_seq).
    """

    text: str
    faulty: tuple[str, ...]


def check_study(study_file: Path, out: Path | None = None) -> Report:
    """Say what a study can answer, from study.yml, the sample sheet and the matrix headers.

    Parameters
    ----------
    study_file : Path
        The study.yml.
    out : Path, optional
        The folder of a run, if there was one.

    Raises
    ------
    InputError
        A file cannot be read or contradicts another; as `cohortmart ingest` would say it.
    """
    study = load_study(study_file)
    measured = read_measured(study)
    con = open_samples(measured)
    try:
        checks = {
            name: check_analysis(con, name, analysis, study)
            for name, analysis in study.analyses.items()
        }
    finally:
        con.close()
    found = {
        name: check_combat(measured.frame(name), name, study) for name in study.measured_assays
    }
    combats = {name: check for name, check in found.items() if check is not None}
    sections = [_samples_section(study, measured, combats)]
    beside = user_models_note(study_file)
    sections += [f"{block('note', beside)}\n"] if beside else []
    of_run = identity_text(out, study) if out else ""
    sections += [of_run] if of_run else []
    of_genes = genes_text(study, measured)
    of_tables = signatures_text(study)
    sections += [text for text in (of_genes, of_tables) if text]
    tables: dict[str, str] = {}
    sections += [
        analysis_text(names, study.analyses[names[0]], checks[names[0]], tables)
        for names in _alike(study, checks)
    ]
    refused = [name for name, combat in combats.items() if combat.refusals]
    faulty = [f"{combats[name].step} of {name}" for name in refused]
    faulty += [n for n, c in checks.items() if c.faulty or study.analyses[n].assay in refused]
    verdict = _verdict(study, checks, combats, faulty)
    sections += [cost_text(study, measured, checks), verdict]
    return Report("\n".join(sections), tuple(faulty))


def _samples_section(study: Study, measured: Measured, combats: Mapping[str, CombatCheck]) -> str:
    subjects = len(set(measured.table["subject_id"].to_pylist()))
    n_sheet = measured.table.num_rows
    of = f"{counted(n_sheet, 'sample')} of {study.nouns.subject.counted(subjects)}"
    lines = [f"Study {study.study}: {of} in the sample sheet"]
    lines += [f"  note: {note}" for note in measured.notes]
    text = "\n".join(lines) + "\n"
    of_manifests = manifest_notes(study, measured)
    for assay in study.measured_assays:
        n_measured = len(measured.sample_ids[assay])
        word = KINDS[study.assays[assay].kind].measured
        have = "has" if n_measured == 1 else "have"
        of = f"{n_measured} of the {counted(n_sheet, 'sample')}"
        text += f"\nAssay {assay}: {of} {have} {word}\n"
        text += visits_text(study, measured.frame(assay))
        if study.assays[assay].kind == "beta":
            notes = filter_notes(study, assay, measured)
            text += "".join(f"{block('note', note)}\n" for note in notes)
        if assay in of_manifests:
            text += f"{block('WARNING', of_manifests[assay])}\n"
        if assay in combats:
            text += f"\n{combat_text(combats[assay], study)}"
    return text + "".join(
        f"\n{derived_text(name, derived, measured)}"
        for name, derived in study.derived_assays.items()
    )


def _alike(study: Study, checks: dict[str, AnalysisCheck]) -> list[list[str]]:
    """Group the analyses of which the same is said: same samples, model, contrasts, refusals."""
    groups: dict[str, list[str]] = {}
    for name, analysis in study.analyses.items():
        chosen = (
            analysis.assay,
            analysis.where,
            analysis.model,
            analysis.contrasts,
            analysis.permutations,
            analysis.explained_by,
            analysis.return_to,
        )
        key = repr((chosen, checks[name].refusals))
        groups.setdefault(key, []).append(name)
    return list(groups.values())


def _verdict(
    study: Study,
    checks: Mapping[str, AnalysisCheck],
    combats: Mapping[str, CombatCheck],
    faulty: Sequence[str],
) -> str:
    if not checks:
        return "The study names no analyses; `analyses` in study.yml is the place for them.\n"
    of_combat = [name for name, combat in combats.items() if combat_warnings(combat)]
    warned = [
        name
        for name, check in checks.items()
        if name not in faulty
        and (study.analyses[name].assay in of_combat or warnings_of(study.analyses[name], check))
    ]
    lines = [f"{counted(len(checks), 'analysis', 'analyses')}:"]
    if faulty:
        lines.append(f"  cannot be computed as written: {', '.join(faulty)}")
    if warned:
        lines.append(f"  can be computed; read the warnings above: {', '.join(warned)}")
    fine = [name for name in checks if name not in faulty and name not in warned]
    if fine:
        lines.append(f"  nothing to warn of: {', '.join(fine)}")
    return "\n".join(lines) + "\n"
