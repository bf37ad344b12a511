"""Question of rebound: in which group something swings back, and in which it does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cohortmart.core.errors import InputError
from cohortmart.core.study.kinds import COUNTS
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.view import Control, Option, Wanted, picked
from cohortmart.report.pages.rebound.pairs import ReboundPair, known_pairs

#: Whatever the other groups do.
ANY = "any"
_REFERENCE = """
    select study_group, reference_group from staging.stg_results__rebound_differences
    where analysis = ? and pair = ? limit 1
"""


@dataclass(frozen=True, eq=False)
class Question:
    """A pair of changes, and the groups that are asked about.

    Parameters
    ----------
    pairs : tuple of ReboundPair
        All of the study.
    pair : ReboundPair
        With the members that are asked about: first the one in which something swings back.
    not_in : str
        Title of the group in which it does not; `ANY` where that does not matter.
    others : tuple of str
        Titles of all groups of the pair but the first.
    only_tested : bool
        Only what was tested to differ between the two groups.
    """

    pairs: tuple[ReboundPair, ...]
    pair: ReboundPair
    not_in: str
    others: tuple[str, ...]
    only_tested: bool

    @property
    def group(self) -> str:
        """Title of the group in which something swings back."""
        return self.pair.titles[0]

    @property
    def compared(self) -> str | None:
        """Title of the group in which it does not, None where that does not matter."""
        return None if self.not_in == ANY else self.not_in

    @property
    def given(self) -> dict[str, Any]:
        """Return the parameters of queries."""
        groups = [m["study_group"] for m in self.pair.members]
        return {
            "analysis": self.pair.analysis,
            "pair": self.pair.pair,
            "of_group": groups[0],
            "of_other": groups[1] if self.compared is not None else None,
        }

    def controls(self) -> tuple[Control, ...]:
        """Return what a reader can set."""
        analyses = list(dict.fromkeys(p.analysis for p in self.pairs))
        pairs = [p.pair for p in self.pairs if p.analysis == self.pair.analysis]
        titles = [self.group, *self.others]
        shown = [
            _pick("analysis", "Analysis", self.pair.analysis, analyses),
            _pick("pair", "Changes (first/second)", self.pair.pair, pairs),
            _pick("in", "Swings back in", self.group, sorted(titles, key=self._order)),
            Control(
                "not_in",
                "and not in",
                self.not_in,
                options=(
                    *(Option(title, title) for title in sorted(self.others, key=self._order)),
                    Option(ANY, "(whatever the others do)"),
                ),
            ),
        ]
        controls = tuple(c for c in shown if len(c.options) > 1)
        if self.compared is None:
            return controls
        tested = Control(
            "tested", "Only what is tested to differ", "1" if self.only_tested else "", "tick"
        )
        return (*controls, tested)

    def _order(self, title: str) -> int:
        whole = next(
            p for p in self.pairs if (p.analysis, p.pair) == (self.pair.analysis, self.pair.pair)
        )
        return whole.titles.index(title)


def asked_question(asked: Asked, wanted: Wanted) -> Question:
    """Return what an address asks, the clearest question of the study where it says nothing.

    Parameters
    ----------
    asked : Asked
    wanted : mapping
        analysis, pair, in, not_in, tested.

    Raises
    ------
    InputError
        The study has no rebound, or not of what is asked for.
    """
    pairs = tuple(_several_people(asked))
    if not pairs:
        raise InputError("this study has no changes that could swing back")
    first = next((p for p in pairs if p.kind.name == COUNTS), pairs[0])  # genes are asked for most
    analysis = _known(wanted, "analysis", [p.analysis for p in pairs], first.analysis)
    of_analysis = [p for p in pairs if p.analysis == analysis]
    name = picked(wanted, "pair", [p.pair for p in of_analysis], of_analysis[0].pair)
    pair = next(p for p in of_analysis if p.pair == name)
    likely = _likely(asked, pair)
    group = _known(wanted, "in", pair.titles, likely[0])
    others = [title for title in pair.titles if title != group]
    default = next((t for t in likely if t in others), ANY)
    not_in = picked(wanted, "not_in", [*others, ANY], default)
    order = [pair.titles.index(title) for title in (group, not_in) if title != ANY]
    members = tuple(pair.members[i] for i in order)
    return Question(
        pairs, replace(pair, members=members), not_in, tuple(others),
        wanted.get("tested") == "1" and not_in != ANY,
    )  # fmt: skip


def _several_people(asked: Asked) -> list[ReboundPair]:
    """Return the pairs; where people are numbers, those members that are of several."""
    fewest = 2 if asked.pseudonymised else 1
    kept = []
    for pair in known_pairs(asked):
        members = tuple(
            m
            for m in pair.members
            if min(m["n_subjects_first"] or 0, m["n_subjects_second"] or 0) >= fewest
        )
        if members:
            kept.append(replace(pair, members=members))
    return kept


def _likely(asked: Asked, pair: ReboundPair) -> list[str]:
    """Return the group that is asked about first, then the one it is compared with."""
    tested = asked.rows(_REFERENCE, [pair.analysis, pair.pair])
    if tested:
        both = [tested[0]["study_group"], tested[0]["reference_group"]]
        if all(group in pair.titles for group in both):
            return both
    by_found = sorted(pair.members, key=lambda m: -m["n_found"])
    return [pair.titles[pair.members.index(m)] for m in by_found]


def _known(wanted: Wanted, name: str, offered: list[str], default: str) -> str:
    value = wanted.get(name, "")
    if value and value not in offered:
        there = ", ".join(dict.fromkeys(offered))
        raise InputError(f"there is no rebound of “{value}” here", hint=f"there are: {there}")
    return value or default


def _pick(name: str, label: str, value: str, options: list[str]) -> Control:
    return Control(name, label, value, options=tuple(Option(o, o) for o in options))
