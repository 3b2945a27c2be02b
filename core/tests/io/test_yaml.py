"""YAML: what plain words mean, where things stand, and what is refused."""

from __future__ import annotations

import math

import pytest

from mridiff.errors import ConfigError, UnsafeInput
from mridiff.io.yaml import NODE_LIMIT, SIZE_LIMIT, parse_yaml, read_yaml

WORDS = {
    "1e-3": 1e-3, "1.0e-3": 1e-3, "-2.5E+2": -250.0, ".5": 0.5, "2.": 2.0, "+1.5": 1.5, ".inf": math.inf, "-.Inf": -math.inf,
    "12": 12, "-3": -3, "+4": 4, "0": 0, "012": "012", "0x1F": "0x1F", "0o17": "0o17", "1_000": "1_000", "1:30": "1:30",
    "true": True, "False": False, "yes": "yes", "no": "no", "on": "on", "off": "off", "y": "y",
    "null": None, "~": None, "": None, "2024-01-01": "2024-01-01", "1e": "1e", "e3": "e3", "-": [None], "nothing": "nothing",
    "'12'": "12", "!!str 12": "12", "=": "=", "1.2.3": "1.2.3", "inf": "inf", "nan": "nan", ".": ".",
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), WORDS.items())
def test_plain_words(text, value):
    data = parse_yaml(f"a: {text}" if text != "-" else "a:\n- ").data["a"]
    assert data == value
    assert type(data) is type(value)


def test_nan():
    assert math.isnan(parse_yaml(".nan").data)


def test_places_of_keys_and_values():
    document = parse_yaml("sampler:\n  options:\n    eta: x\nstages:\n- steps: 3\n- {steps: 4}\n", "p.yaml")
    assert document.data == {"sampler": {"options": {"eta": "x"}}, "stages": [{"steps": 3}, {"steps": 4}]}
    assert document.keys["sampler", "options", "eta"] == (3, 5)
    assert document.values["sampler", "options", "eta"] == (3, 10)
    assert document.values["stages", 1, "steps"] == (6, 11)
    assert document.values["stages", 1] == (6, 3)
    assert document.values[()] == (1, 1)


def test_problems_point_into_the_text():
    document = parse_yaml("sampler:\n  options:\n    eta: x\n", "p.yaml")
    path = ("sampler", "options", "eta")
    assert str(document.mistake(path, "expected a number")) == "p.yaml:3:10: sampler.options.eta: expected a number"
    assert str(document.mistake(path, "unknown", at_key=True)).startswith("p.yaml:3:5: ")
    assert str(document.mistake((*path[:2], "steps"), "missing")) == "p.yaml:3:5: sampler.options.steps: missing"
    assert str(parse_yaml("", "p.yaml").mistake(("a",), "missing")) == "p.yaml:1:1: a: missing"


def test_repeated_keys_are_told_with_both_places():
    with pytest.raises(ConfigError) as caught:
        parse_yaml("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 2\n", "p.yaml")
    assert [str(p) for p in caught.value.mistakes] == [
        "p.yaml:5:3: b.c: the key 'c' stands here and in line 3, column 3",
        "p.yaml:6:1: a: the key 'a' stands here and in line 1, column 1",
    ]


REFUSED = {
    "python object": ("a: !!python/object/apply:os.system ['true']", "1:4: a: the tag 'tag:yaml.org,2002:python/object/apply:os.system'"),
    "own tag": ("a: !include b", "the tag '!include' is not allowed"),
    "set": ("a: !!set {b, c}", "set' is not allowed"),
    "binary": ("a: !!binary aGk=", "binary' is not allowed"),
    "wrong type": ("a: !!int x", "'x' is not a value of type int"),
    "scalar as list": ("a: !!seq x", "seq' is not allowed"),
    "list as text": ("a: !!str [x]", "str' is not allowed"),
    "number as key": ("a:\n  1: x", "2:3: a: the key '1' is not text"),
    "list as key": ("? [a, b]\n: x", "the key here is not text"),
    "syntax": ("a: [1, 2", "p.yaml:1:9: "),
    "tab": ("a:\n\tb: 1", "p.yaml:2:1: "),
    "two documents": ("a: 1\n---\nb: 2", "p.yaml:2:1: "),
    "unknown alias": ("a: *b", "undefined alias"),
    "control character": ("a: \x07", "not YAML"),
    "alias of itself": ("a: &x [1, *x]", "p.yaml:1:4: a.1: it contains itself"),
    "endless number": (f"a: {'9' * 5000}", "the number is too long"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(text, message):
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "p.yaml")
    assert message in str(caught.value)


def test_aliases_are_written_out():
    data = parse_yaml("a: &x {b: [1]}\nc: *x\n").data
    assert data == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert data["a"] is not data["c"]


def test_merge_keys_are_plain_keys():
    assert parse_yaml("a: &x {b: 1}\nc: {<<: *x}\n").data["c"] == {"<<": {"b": 1}}


def test_alias_bomb_is_refused_before_it_is_built():
    lines = ["a0: &a0 [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    with pytest.raises(UnsafeInput, match=f"more than {NODE_LIMIT} nodes"):
        parse_yaml("\n".join(lines))


def test_nesting_bomb_is_refused():
    with pytest.raises(UnsafeInput, match="nested too deeply"):
        parse_yaml("[" * 600 + "]" * 600)


def test_oversize_is_refused(tmp_path):
    (tmp_path / "big.yaml").write_text("#" * (SIZE_LIMIT + 1))
    with pytest.raises(UnsafeInput, match=r"big\.yaml: the file is longer"):
        read_yaml(tmp_path / "big.yaml")
    with pytest.raises(UnsafeInput, match="longer"):
        parse_yaml("#" * (SIZE_LIMIT + 1))


def test_files(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1e-3\n")
    assert read_yaml(path).data == {"a": 1e-3}
    assert read_yaml(path).source == str(path)
    path.write_bytes(b"a: \xff\n")
    with pytest.raises(ConfigError, match="not UTF-8 text: invalid start byte at byte 3"):
        read_yaml(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_yaml(tmp_path / "gone.yaml")


def test_depth_and_number_of_problems_are_bounded():
    assert parse_yaml("{a: " * 50 + "1" + "}" * 50).data
    with pytest.raises(UnsafeInput, match="more than 50 levels"):
        parse_yaml("{a: " * 51 + "1" + "}" * 51)
    with pytest.raises(ConfigError) as caught:
        parse_yaml("".join(f"{n}: x\n" for n in range(1000)), "p.yaml")
    assert len(caught.value.mistakes) == 20 and "There may be more" in caught.value.hint


@pytest.mark.parametrize("text", ['a: "\\UFFFFFFFF"', 'a: "\\uD800\\x"', "a: \0", "a: \x1b", "%YAML 9.9\n---\na", "!<> a", "&a" * 3000])
def test_whatever_the_library_says_is_one_error(text):
    with pytest.raises(ConfigError, match=r"p\.yaml"):
        parse_yaml(text, "p.yaml")


def test_a_name_that_is_none(tmp_path):
    for path in (tmp_path, tmp_path / "a\0b"):
        with pytest.raises(ConfigError, match="the file cannot be read"):
            read_yaml(path)
