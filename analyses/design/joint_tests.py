"""Joint tests (F) of an analysis: which contrasts each takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyses.design.contrasts import Contrasts
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import ALL_CONTRASTS, CONTRAST_FAMILIES
from cohortmart.core.text import did_you_mean, listed


def joint_sets(
    contrasts: Contrasts, joint_tests: Mapping[str, Sequence[str]], where: str
) -> dict[str, tuple[int, ...]]:
    """Return the contrasts of each joint test, by their position.

    Parameters
    ----------
    contrasts : Contrasts
    joint_tests : mapping of str to sequence of str
        Name of a test to contrasts and reserved keys, as in study.yml; a reserved key stands for
        the contrasts that it made in this analysis.
    where : str
        Begins the messages.

    Returns
    -------
    dict of str to tuple of int
        First `ALL_CONTRASTS`, then the others in their order; positions rise, each once.

    Raises
    ------
    AnalysisError
        A test has the name of the first one or no contrast, or names a contrast or a reserved
        key that the analysis does not have.
    """
    return named_sets(contrasts.names, contrasts.families, joint_tests, where)


def named_sets(
    names: Sequence[str],
    families: Mapping[str, Sequence[int]],
    joint_tests: Mapping[str, Sequence[str]],
    where: str,
) -> dict[str, tuple[int, ...]]:
    """Return the contrasts of each joint test; see `joint_sets`.

    Parameters
    ----------
    names : sequence of str
        Of the contrasts.
    families : mapping of str to sequence of int
        Reserved key to its contrasts.
    joint_tests : mapping of str to sequence of str
    where : str
    """
    place = {name: i for i, name in enumerate(names)}
    sets = {ALL_CONTRASTS: tuple(range(len(names)))}
    for test, wanted in joint_tests.items():
        if test in sets or not test.strip():
            raise AnalysisError(
                f"{where}: a joint test cannot be called `{test}`",
                expected=f"a name other than `{ALL_CONTRASTS}`, which every analysis has",
            )
        if not wanted:
            raise AnalysisError(
                f"{where}: the joint test `{test}` names no contrast",
                expected="contrasts of the analysis, or " + ", ".join(CONTRAST_FAMILIES),
            )
        found: set[int] = set()
        for name in wanted:
            if name not in place and name not in families:
                raise _unknown(test, name, names, families, where)
            found.update([place[name]] if name in place else families[name])
        sets[test] = tuple(sorted(found))
    return sets


def _unknown(
    test: str, name: str, names: Sequence[str], families: Mapping[str, object], where: str
) -> AnalysisError:
    if name in CONTRAST_FAMILIES:
        return AnalysisError(
            f"{where}: the joint test `{test}` names `{name}`, which makes no contrasts here",
            expected=f"`{name}: all` among the contrasts",
            hint="add it to `contrasts`, or name the contrasts one by one",
        )
    known = [*names, *families]
    return AnalysisError(
        f"{where}: the joint test `{test}` names a contrast that the analysis does not have",
        expected=listed(known, most=8),
        found=name,
        hint=did_you_mean(name, known) or "correct the name",
    )
