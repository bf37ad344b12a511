"""Nouns of a study: what it calls the people in it and the times they come at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cohortmart.core.text.numbers import counted


@dataclass(frozen=True)
class Noun:
    """A noun of one and of several: person, people.

    Parameters
    ----------
    one, many : str
    """

    one: str
    many: str

    def counted(self, n: int) -> str:
        """Return a number and the noun: `1 person`, `1,200 people`."""
        return counted(n, self.one, self.many)

    def of(self, n: int) -> str:
        """Return the noun for so many, without the number."""
        return self.one if n == 1 else self.many

    @property
    def a(self) -> str:
        """The noun of one with its article: a person, an individual."""
        return f"{'an' if self.one[0].lower() in 'aeio' else 'a'} {self.one}"

    @property
    def title(self) -> str:
        """The noun of several with a capital, as a heading has it."""
        return capital(self.many)


@dataclass(frozen=True)
class Nouns:
    """The nouns that a study's texts use.

    Parameters
    ----------
    subject : Noun
        `subject_noun` of study.yml.
    timepoint : Noun
        `timepoint_noun` of study.yml.
    """

    subject: Noun = Noun("person", "people")
    timepoint: Noun = Noun("timepoint", "timepoints")


def capital(text: str) -> str:
    """Return a text with its first letter as a capital, the others as they are."""
    return text[:1].upper() + text[1:]


def nouns(subject: Sequence[str] | None = None, timepoint: Sequence[str] | None = None) -> Nouns:
    """Return the nouns of a study; person and timepoint where it names none.

    Parameters
    ----------
    subject, timepoint : sequence of two str, optional
        Singular and plural.
    """
    usual = Nouns()
    return Nouns(
        Noun(*subject) if subject else usual.subject,
        Noun(*timepoint) if timepoint else usual.timepoint,
    )
