"""Differences in words and small tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import pyarrow as pa

from cohortmart.app.diff.causes import Causes
from cohortmart.app.diff.compare import Survey
from cohortmart.app.diff.inputs import Difference
from cohortmart.app.diff.lists import ListName
from cohortmart.app.diff.results import REASONS, ListDifference
from cohortmart.app.sql.text_table import aligned, number
from cohortmart.core.text import counted

#: Lines of each section on what the runs were made from; JSON has them all.
DIFFERENCES_SHOWN = 20
#: Features of each list and change.
FEATURES_SHOWN = 20
_REASON_WORDS = {
    "threshold": ("threshold", "by the thresholds of this run the other one finds it, too"),
    "numbers": ("numbers", "the effect or its P moved"),
    "adjustment": ("adjustment", "only the adjusted P moved"),
    "not_tested": ("not tested", "no P in the other run"),
}
#: Columns of the features that people see, with their headers.
_FEATURE_COLUMNS = {
    "change": "change",
    "feature_id": "feature",
    "feature_name": "name",
    "reason": "why",
    "log_fc_a": "log FC A",
    "log_fc_b": "log FC B",
    "p_value_a": "P A",
    "p_value_b": "P B",
    "adj_p_value_a": "adj P A",
    "adj_p_value_b": "adj P B",
}


def report(
    runs: tuple[str, str],
    found: Survey,
    lists: Sequence[ListDifference],
    features: Iterable[tuple[ListName, pa.Table]] = (),
) -> str:
    """Return the whole report.

    Parameters
    ----------
    runs : pair of str
        What run A and run B are, in a line each.
    found : Survey
    lists : sequence of ListDifference
        Of the shared lists.
    features : iterable of (ListName, Table)
        Features that changed, where they were asked for.
    """
    lines = [f"A  {runs[0]}", f"B  {runs[1]}", ""]
    if found.causes.none and not (found.only_a or found.only_b) and all(d.same for d in lists):
        same = f", and {_lists(len(lists))} with the same numbers" if lists else ""
        what = "the same inputs, parameters, versions and samples"
        return "\n".join([*lines, f"The two runs are the same: {what}{same}."]) + "\n"
    lines += [*_of_lists(lists), *_alone(found)]
    for name, table in features:
        lines += _features(name, table)
    return "\n".join([*lines, *_of_causes(found.causes)]) + "\n"


def _of_lists(lists: Sequence[ListDifference]) -> list[str]:
    changed = [d for d in lists if not d.same_list]
    lines = []
    if changed:
        lines += [
            f"{_lists(len(changed))} of found features differ "
            "(gained: found in B and not in A; turned: found in both, in opposite directions)",
            *_rules(changed),
            *_table(changed),
            *(f"  {line}" for line in _reasons_explained(changed)),
        ]
    moved = [d for d in lists if d.same_list and not d.same]
    if moved:
        log_fc = max((d.largest_log_fc_difference or 0.0 for d in moved), default=0.0)
        lines.append(
            f"{_lists(len(moved))} with the same found features, though numbers or the tested "
            f"features differ (log FC by at most {number(log_fc)})"
        )
    same = sum(d.same for d in lists)
    if same:
        lines.append(f"{_lists(same)} with the same numbers")
    if not lists:
        lines.append("The runs share no contrast.")
    return lines


def _rules(changed: Sequence[ListDifference]) -> list[str]:
    """Say what counts as found, once for the analyses that share it."""
    analyses: dict[str, list[str]] = defaultdict(list)
    for d in changed:
        rule_a, rule_b = str(d.rule_a), str(d.rule_b)
        said = rule_a if rule_a == rule_b else f"{rule_a} in A, {rule_b} in B"
        where = d.name.analysis + (" (rebound)" if d.name.kind == "rebound" else "")
        if where not in analyses[said]:
            analyses[said].append(where)
    return [f"  found at {said}: {', '.join(a)}" for said, a in analyses.items()]


def _table(changed: Sequence[ListDifference]) -> list[str]:
    columns: dict[str, list[object]] = {
        "analysis": [d.name.analysis for d in changed],
        "list": [str(d.name) for d in changed],
        "found A": [d.n_found_a for d in changed],
        "found B": [d.n_found_b for d in changed],
        "gained": [d.n_gained for d in changed],
        "lost": [d.n_lost for d in changed],
        "turned": [d.n_turned for d in changed],
        "r log FC": [d.r_log_fc for d in changed],
        "|Δ log FC| ≤": [d.largest_log_fc_difference for d in changed],
        "|Δ t| ≤": [d.largest_t_difference for d in changed],
        "why": [_why(d) for d in changed],
    }
    return aligned(list(columns), list(columns.values())).splitlines()


def _why(d: ListDifference) -> str:
    parts = [
        f"{sign}{d.reasons[f'{change}_{reason}']:,} {_REASON_WORDS[reason][0]}"
        for reason in REASONS
        for change, sign in (("gained", "+"), ("lost", "-"))
        if d.reasons[f"{change}_{reason}"]
    ]
    return " ".join(parts)


def _reasons_explained(changed: Sequence[ListDifference]) -> list[str]:
    met = {reason for d in changed for reason in REASONS if _count(d, reason)}
    return ["{}: {}".format(*_REASON_WORDS[reason]) for reason in REASONS if reason in met]


def _count(d: ListDifference, reason: str) -> int:
    return d.reasons[f"gained_{reason}"] + d.reasons[f"lost_{reason}"]


def _alone(found: Survey) -> list[str]:
    """Name the lists of one run alone: whole analyses first, then contrasts of shared ones."""
    lines = []
    shared = {name.analysis for name in found.shared}
    for label, names in (("A", found.only_a), ("B", found.only_b)):
        lists: dict[str, list[str]] = defaultdict(list)
        for name in names:
            lists[name.analysis].append(str(name))
        for analysis, words in lists.items():
            if analysis in shared:
                lines.append(f"only in {label}: {analysis}: {', '.join(words)}")
            else:
                lines.append(f"only in {label}: {analysis} ({_lists(len(words))})")
    return lines


def _features(name: ListName, table: pa.Table) -> list[str]:
    if table.num_rows == 0:
        return []
    columns = {column: table[column].to_pylist() for column in _FEATURE_COLUMNS}
    columns["reason"] = [_REASON_WORDS[r][0] if r else "-" for r in columns["reason"]]
    return [
        "",
        f"{name.analysis}, {name}: features that changed, at most {FEATURES_SHOWN} of each kind, "
        "smallest P first",
        *aligned(list(_FEATURE_COLUMNS.values()), list(columns.values())).splitlines(),
    ]


def _of_causes(causes: Causes) -> list[str]:
    lines = []
    for title, differences in (
        ("inputs", causes.inputs),
        ("parameters", causes.parameters),
        ("versions", causes.versions),
        ("samples", causes.samples),
    ):
        lines += ["", f"{title} that differ: {len(differences) or 'none'}"]
        if differences:
            lines += _differences(differences)
    return lines


def _differences(differences: Sequence[Difference]) -> list[str]:
    shown = differences[:DIFFERENCES_SHOWN]
    columns = [
        [d.where for d in shown],
        [d.what for d in shown],
        [_value(d.a) for d in shown],
        [_value(d.b) for d in shown],
    ]
    lines = aligned(["where", "what", "A", "B"], columns).splitlines()
    if len(differences) > len(shown):
        lines.append(f"… {len(differences) - len(shown):,} more; --format json has them all")
    return lines


def _value(text: str | None) -> str:
    if text is None:
        return "-"
    # a SHA-256 is told apart by its beginning
    return text[:12] if len(text) == 64 and text.isalnum() else text


def _lists(n: int) -> str:
    return counted(n, "list")
