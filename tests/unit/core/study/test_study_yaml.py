"""YAML 1.2 scalars, places, and what is said about broken files."""

import math

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.yaml_positions import Position, read_document


@pytest.fixture
def document(tmp_path):
    def read(content):
        file = tmp_path / "study.yml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_document(file)

    return read


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("1st", "1st"),
        ("12:30", "12:30"),
        ("2020-01-01", "2020-01-01"),
        ("1_000", "1_000"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("1e-6", 1e-6),
        ("1.0e-6", 1e-6),
        (".5", 0.5),
        ("-3", -3),
        ("0x1F", 31),
        ("0o17", 15),
        (".inf", math.inf),
        ("'5'", "5"),
        ("!!str 5", "5"),
    ],
)
def test_plain_scalars_follow_yaml_1_2(document, written, value):
    got = document(f"a: {written}\n").value["a"]
    assert got == value
    assert isinstance(got, type(value))


@pytest.mark.parametrize("written", ["007", "1.0e-6", "+5", "0x1F"])
def test_a_number_remembers_its_text(document, written):
    assert document(f"a: {written}").value["a"].text == written


def test_every_key_and_value_has_its_place(document):
    read = document("a: 1\nb:\n  - x\n  - c: {d: 2}\n")
    assert read.keys["b", 1, "c"] == Position(4, 5)
    assert read.values["b", 0] == Position(3, 5)
    assert read.values["b", 1, "c", "d"] == Position(4, 12)
    # what is missing is reported where it should stand
    assert read.position(("b", 1, "missing")) == Position(4, 5)
    assert read.position(("nothing",)) == Position(1, 1)


def test_byte_order_mark_and_windows_line_ends(document):
    read = document(b"\xef\xbb\xbfa: 1\r\nb: x\r\n")
    assert read.value == {"a": 1, "b": "x"}
    assert read.keys[("b",)] == Position(2, 1)


def test_anchors_share_a_block(document):
    assert document("a: &m {x: [1]}\nb: *m\n").value["b"] == {"x": [1]}


@pytest.mark.parametrize(
    ("content", "line", "column", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1, "`a` stands twice"),
        ("x:\n  a: 1\n  a: 3\n", 3, 3, "in line 2"),
        ("a:\n\tb: 1\n", 2, 1, "spaces"),
        ("a: b: c\n", 1, 5, "double quotes"),
        ('a: 1\nb: "x\nc: 1\n', 2, 4, "quote is opened and not closed"),
        ("a: [1, 2\nb: 3\n", 1, 4, "`[` is not closed"),
        ("a: {b: 1", 1, 4, "`{` is not closed"),
        ("a: `x` - y\n", 1, 4, "double quotes"),
        ("a: *b\n", 1, 4, "no `&name`"),
        ("a: &x [*x]\n", 1, 4, "refers to itself"),
        ("a:\n  b: 1\n c: 2\n", 3, 2, "line up"),
        ("---\na: 1\n---\nb: 2\n", 3, 1, "second document"),
        ("a: !foo 1\n", 1, 4, "`!foo`"),
        ("a: !!int x\n", 1, 4, "not understood"),
        ("? [a]\n: 1\n", 1, 3, "not text"),
        ("<<: {a: 1}\n", 1, 1, "merge keys"),
        ("# only a comment\n", 1, None, "empty"),
        (b"a: x\nb: \xe4\n", 2, None, "UTF-8"),
        ("a: x\nb: \x01\n", 2, 4, "character"),
    ],
)
def test_a_broken_file_is_told_with_its_place(document, content, line, column, says):
    with pytest.raises(StudyError) as caught:
        document(content)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert says in str(caught.value)


def test_aliases_cannot_expand_without_end(document):
    lines = ["a: &a [1,1,1,1,1,1,1,1,1]"]
    for one, two in zip("abcdefg", "bcdefgh", strict=True):
        lines.append(f"{two}: &{two} [{','.join(['*' + one] * 9)}]")
    with pytest.raises(StudyError, match="huge"):
        document("\n".join(lines))


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(StudyError, match="no such file"):
        read_document(tmp_path / "absent.yml")
    with pytest.raises(StudyError, match="folder"):
        read_document(tmp_path)
