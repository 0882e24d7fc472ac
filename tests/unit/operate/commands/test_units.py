"""Figures are written as people read them, and spans are read as people write them."""

from __future__ import annotations

import pytest

from peerbus.actors import ConfigError
from peerbus.operate.commands.units import by_reason, many, seconds_in, size, span


@pytest.mark.parametrize(
    ("seconds", "text", "short"),
    [
        (None, "", ""),
        (0.0, "0.0 ms", "0.0 ms"),
        (0.0004, "0.4 ms", "0.4 ms"),
        (0.25, "250 ms", "250 ms"),
        (3.21, "3.2 s", "3.2 s"),
        (59.97, "1 min", "1 min"),
        (252, "4 min 12 s", "4 min"),
        (7380, "2 h 3 min", "2 h"),
        (435_600, "5 d 1 h", "5 d"),
        (-3, "-3.0 s", "-3.0 s"),
    ],
)
def test_a_span_is_told_in_two_units_at_most(seconds: float | None, text: str, short: str) -> None:
    assert span(seconds) == text
    assert span(seconds, short=True) == short


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (12 << 20, "12.0 MiB"),
        (3 << 30, "3.0 GiB"),
        (2 << 40, "2.0 TiB"),
    ],
)
def test_sizes_are_told_in_powers_of_1024(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (99_999, "99999"),
        (100_000, "100k"),
        (999_499, "999k"),
        (999_600, "1.00M"),
        (4_560_000, "4.56M"),
        (99_960_000, "100M"),
        (1_200_000_000, "1.20G"),
        (7 * 10**15, "7000T"),
    ],
)
def test_counts_take_five_letters_at_most(count: int, text: str) -> None:
    assert many(count) == text


def test_counts_are_told_the_most_first() -> None:
    assert by_reason({"a": 1, "c": 3, "b": 3, "none": 0}) == "3 b, 3 c, 1 a"
    assert by_reason({}) == ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("1.5s", 1.5),
        ("300ms", 0.3),
        ("10m", 600),
        ("10min", 600),
        ("2h", 7200),
        ("7d", 604_800),
        (" 1 s", 1),
    ],
)
def test_a_span_is_read_with_its_unit(text: str, seconds: float) -> None:
    assert seconds_in("--for", text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "1e999", "ten", "1y", "s", "1 2"])
def test_what_is_no_span_is_refused_with_its_flag(text: str) -> None:
    with pytest.raises(ConfigError, match="--for is"):
        seconds_in("--for", text)
