"""YAML 1.2 text as plain values, with the line and column of every key and value.

PyYAML's own loader follows YAML 1.1, in which `NO` is false and `12:30` is 750; its composer is
used here with the scalar rules of the 1.2 core schema instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from cohortmart.core.errors import StudyError
from cohortmart.core.study.yaml_mistakes import shortened, syntax_error

#: Where a value stands in the document: keys and list positions from the top.
KeyPath = tuple[str | int, ...]

#: Aliases can make a small file expand without end; no honest study comes near this.
MOST_VALUES = 100_000

_TAG = "tag:yaml.org,2002:"
_CORE = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
)


class WrittenInt(int):
    """A whole number that remembers how it was written (`007`)."""

    text: str


class WrittenFloat(float):
    """A number that remembers how it was written (`1.0e-6`)."""

    text: str


class _CoreResolver(BaseResolver):
    """Resolves plain scalars by the YAML 1.2 core schema."""


for _name, _pattern, _first in _CORE:
    _CoreResolver.add_implicit_resolver(_TAG + _name, re.compile(rf"^(?:{_pattern})$"), _first)


class _Loader(Reader, Scanner, Parser, Composer, _CoreResolver):
    """PyYAML's composer over the core schema."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        _CoreResolver.__init__(self)


@dataclass(frozen=True)
class Position:
    """Line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """A parsed file.

    Parameters
    ----------
    file : Path
        Where it was read from.
    value : object
        Mappings as dict with text keys, sequences as list, scalars as text, `WrittenInt`,
        `WrittenFloat`, bool or None.
    keys, values : dict of KeyPath to Position
        Where each key and each value begins. List items have no key; theirs is the item's place.
    """

    file: Path
    value: Any
    keys: dict[KeyPath, Position] = field(default_factory=dict)
    values: dict[KeyPath, Position] = field(default_factory=dict)

    def position(self, path: KeyPath, *, of_key: bool = False) -> Position:
        """Return where `path` stands, or the nearest part of the document that holds it."""
        for length in range(len(path), -1, -1):
            part = path[:length]
            whole = length == len(path)
            # what is missing is reported at the key that should hold it
            places = (self.values, self.keys) if whole and not of_key else (self.keys, self.values)
            for place in places:
                if part in place:
                    return place[part]
        return Position(1, 1)

    def at(self, path: KeyPath) -> Any:
        """Return the value at `path`, or None if there is none."""
        value = self.value
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def read_document(file: Path) -> Document:
    """Read one YAML document.

    Parameters
    ----------
    file : Path
        UTF-8 text, with or without a byte-order mark.

    Raises
    ------
    StudyError
        The file cannot be read, is not YAML, repeats a key, or is empty.
    """
    text = _text_of(file)
    loader: Any = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - (text.rfind("\n", 0, error.position) + 1) + 1
        raise StudyError(
            "a character that YAML does not allow",
            file=file,
            line=line,
            column=column,
            expected="printable text",
            found=f"character code {ord(text[error.position])}",
            hint="delete it; it is invisible in most editors",
        ) from error
    except yaml.MarkedYAMLError as error:
        raise syntax_error(file, text, error) from error
    finally:
        if loader is not None:
            loader.dispose()
    if node is None:
        raise StudyError(
            "the file is empty",
            file=file,
            line=1,
            expected="the study's keys, such as `study:` and `samples:`",
        )
    document = Document(file, None)
    value = _Converter(document).convert(node, ())
    return Document(file, value, document.keys, document.values)


def _text_of(file: Path) -> str:
    """Read the file as UTF-8 and say clearly why that fails."""
    try:
        raw = file.read_bytes()
    except FileNotFoundError as error:
        raise StudyError(
            "there is no such file", file=file, hint="check the path of the study file"
        ) from error
    except IsADirectoryError as error:
        raise StudyError("this is a folder", file=file, expected="a file study.yml") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StudyError(f"the file cannot be read ({reason})", file=file) from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise StudyError(
            "the file is not UTF-8 text",
            file=file,
            line=line,
            expected="UTF-8",
            found=f"byte 0x{raw[error.start]:02x}",
            hint="save the file again with the encoding UTF-8",
        ) from error


class _Converter:
    """Turns PyYAML's nodes into values and notes where each stands."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: set[int] = set()

    def convert(self, node: yaml.Node, path: KeyPath) -> Any:
        here = Position(node.start_mark.line + 1, node.start_mark.column + 1)
        self._document.values[path] = here
        if len(self._document.values) > MOST_VALUES:
            raise self._error("the aliases expand to a huge document", here, hint="use fewer")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, here)
        if id(node) in self._open:
            raise self._error("a block refers to itself", here, hint="remove the alias")
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            return [self.convert(item, (*path, i)) for i, item in enumerate(node.value)]
        finally:
            self._open.remove(id(node))

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        value: dict[str, Any] = {}
        first_line: dict[str, int] = {}
        for key_node, value_node in node.value:
            here = Position(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error("a key that is not text", here, expected="a word")
            key = str(key_node.value)
            if key == "<<" and key_node.style is None:
                raise self._error(
                    "merge keys (`<<`) are not part of YAML 1.2",
                    here,
                    hint="write the keys out, or share a whole block with `&name` and `*name`",
                )
            if key in value:
                raise self._error(
                    f"the key `{key}` stands twice",
                    here,
                    expected="each key once",
                    found=f"`{key}` in line {first_line[key]} and again here",
                    hint="delete or rename one of the two",
                )
            first_line[key] = here.line
            self._document.keys[(*path, key)] = here
            value[key] = self.convert(value_node, (*path, key))
        return value

    def _scalar(self, node: yaml.ScalarNode, here: Position) -> Any:
        text = str(node.value)
        kind = node.tag.removeprefix(_TAG)
        if kind == "null":
            return None
        if kind == "bool" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if kind in ("str", "!"):
            return text
        try:
            number: WrittenInt | WrittenFloat
            if kind == "int":
                base = {"0o": 8, "0x": 16}.get(text[:2], 10)
                number = WrittenInt(text, base)
            elif kind == "float":
                number = WrittenFloat(re.sub(r"\.(?=inf|nan)", "", text.lower()))
            else:
                raise ValueError(kind)
        except ValueError as error:
            raise self._error(
                f"`{node.tag}` is not understood here",
                here,
                found=shortened(text),
                hint="leave the `!` tag out, or put quotes round the text",
            ) from error
        number.text = text
        return number

    def _error(
        self,
        problem: str,
        here: Position,
        *,
        expected: str | None = None,
        found: str | None = None,
        hint: str | None = None,
    ) -> StudyError:
        return StudyError(
            problem,
            file=self._document.file,
            line=here.line,
            column=here.column,
            expected=expected,
            found=found,
            hint=hint,
        )
