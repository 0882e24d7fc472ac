"""Under which words reasons are counted."""

from __future__ import annotations

from collections import Counter

from peerbus.discovery.mind.reasons import MAX_REASONS, bounded


def test_of_too_many_words_the_rest_is_one() -> None:
    counts = Counter({f"word {number}": 1 for number in range(MAX_REASONS - 1)})
    assert bounded(counts, "new") == "new"
    counts["new"] += 1
    assert [bounded(counts, "newer"), bounded(counts, "new")] == ["other", "new"]
