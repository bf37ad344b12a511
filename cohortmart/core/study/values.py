"""What the values of study.yml may be, and the record that all its blocks are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


def as_written(value: Any) -> Any:
    """Give a number back as the text it was written as, so that `007` stays `007`."""
    return getattr(value, "text", value)


#: Text that is not empty; a number in study.yml becomes the text it was written as.
Text = Annotated[
    str, BeforeValidator(as_written), StringConstraints(strip_whitespace=True, min_length=1)
]
#: A path; relative ones are made absolute by `cohortmart.core.study.load`.
File = Annotated[Path, BeforeValidator(as_written)]


def listed_alone(value: Any) -> Any:
    """Give a lone entry the form of a list of one."""
    return value if value is None or isinstance(value, (list, tuple)) else (value,)


#: One path or a list of them.
Files = Annotated[tuple[File, ...], BeforeValidator(listed_alone)]
#: Two names.
Pair = Annotated[tuple[Text, ...], Field(min_length=2, max_length=2)]
#: A finite number; text that looks like one is an error.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Record(BaseModel):
    """Frozen, and every key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def written_keys(cls) -> tuple[str, ...]:
        """Return its keys as they are written in study.yml."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())
