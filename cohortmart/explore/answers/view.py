"""A view: what the explorer shows at one address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from cohortmart.core.pseudonyms import Names
from cohortmart.explore.answers.explored import Explored
from cohortmart.report.blocks import Page
from cohortmart.report.pseudonymise import pseudonymise_page
from cohortmart.report.source import Source

#: What stands behind the `?` of an address.
Wanted: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Option:
    """One of the things that a control offers: its value in the address, and what people read."""

    value: str
    title: str


@dataclass(frozen=True)
class Control:
    """Something of a view that its reader sets; its value stands in the address.

    Parameters
    ----------
    name : str
        In the address.
    label : str
    value : str
        As it is set now.
    kind : {"pick", "slider", "words", "list", "tick"}
        One of `options`; a number from `least` to `most`; a line; several lines; yes or no (`1`
        or nothing).
    options : tuple of Option
    least, most, step : float
        Of a slider.
    hint : str
        What can be written, for an empty field.
    """

    name: str
    label: str
    value: str
    kind: Literal["pick", "slider", "words", "list", "tick"] = "pick"
    options: tuple[Option, ...] = ()
    least: float = 0.0
    most: float = 1.0
    step: float = 0.01
    hint: str = ""


@dataclass(frozen=True)
class Link:
    """A link: what is read, where it leads, and what is said beside it."""

    title: str
    address: str
    about: str = ""


@dataclass(frozen=True, eq=False)
class View:
    """What is shown at one address.

    Parameters
    ----------
    page : Page
        Its name is that of the view in the registry.
    controls : tuple of Control
        In the order in which they are offered; a change shows the view anew.
    kept : mapping of str to str
        What else the address of a changed control keeps.
    links : tuple of Link
        Under the title: where to go from here.
    downloads : tuple of Link
    questions : tuple of str
        SQL of what is shown, see `Asked`.
    script : str
        File of `web/static` that this view needs besides those of all.
    later : str
        Address of the part of it that takes longer: it is shown below as soon as it is there.
    """

    page: Page
    controls: tuple[Control, ...] = ()
    kept: Wanted = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    downloads: tuple[Link, ...] = ()
    questions: tuple[str, ...] = ()
    script: str = ""
    later: str = ""

    def shown_to_others(self, names: Names) -> View:
        """Return the view without people's names: the last look for whatever still holds one."""
        if not names.pseudonymised:
            return self
        words = names.words
        return replace(
            self,
            page=pseudonymise_page(self.page, names),
            controls=tuple(
                replace(c, options=tuple(Option(o.value, words(o.title)) for o in c.options))
                for c in self.controls
            ),
            links=tuple(replace(link, title=words(link.title)) for link in self.links),
            questions=tuple(q for q in self.questions if words(q) == q),
        )


def _always(source: Source) -> bool:
    del source
    return True


@dataclass(frozen=True)
class Kind:
    """A kind of view, as the registry has it.

    Parameters
    ----------
    name : str
        Its place in an address: /gene.
    title : str
        In the list of pages; empty where one gets there by a link or a search only.
    make : callable
        Takes the open study and what the address wants; returns the view.
    about : str
        What it answers, in half a line; the first page offers it with these words.
    is_there : callable
        Whether a study has anything for it: only then it is in the list of pages.
    is_part : bool
        Whether it stands below another view, which names it in `View.later`.
    """

    name: str
    title: str
    make: Callable[[Explored, Wanted], View]
    about: str = ""
    is_there: Callable[[Source], bool] = _always
    is_part: bool = False


def picked(wanted: Wanted, name: str, offered: Sequence[str], default: str) -> str:
    """Return what an address picks of some values, the default where it picks none of them."""
    value = wanted.get(name, "")
    return value if value in offered else default


def number(wanted: Wanted, name: str, default: float, least: float, most: float) -> float:
    """Return a number of an address within its bounds, the default where it is none."""
    try:
        value = float(wanted.get(name, ""))
    except ValueError:
        return default
    return min(max(value, least), most) if value == value else default
