"""Questions about what the files leave open, asked on a terminal or listed for later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

NONE = "none"


@dataclass(frozen=True)
class Question:
    """What is not certain, and what is proposed.

    Parameters
    ----------
    key : str
        Where the answer stands in study.yml.
    text : str
        The question.
    proposal : str
    options : tuple of str
        Answers that can be given; any where there are none.
    why : str
        What speaks for the proposal.
    """

    key: str
    text: str
    proposal: str
    options: tuple[str, ...] = ()
    why: str = ""


Ask = Callable[[Question], str]


@dataclass
class Interview:
    """Settles questions: someone answers, or the proposal stands and the question stays open.

    Parameters
    ----------
    ask : callable or None
        Gives the answer; None where no one is there to ask.

    Attributes
    ----------
    open : list of Question
        Those that no one answered.
    """

    ask: Ask | None = None
    open: list[Question] = field(default_factory=list)

    def settle(self, question: Question) -> str:
        """Return the answer to a question."""
        if self.ask is not None:
            return self.ask(question)
        self.open.append(question)
        return question.proposal

    def settle_optional(self, question: Question) -> str | None:
        """Return the answer to a question that may have none."""
        answer = self.settle(question)
        return None if answer == NONE else answer

    def is_open(self, key: str) -> bool:
        """Whether a question was left open."""
        return any(question.key == key for question in self.open)
