"""What a Git host reads as a list is one in the site."""

from __future__ import annotations

import pytest
from docs_site.prose import sane


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("words\n- one\n- two\n", "words\n\n- one\n- two\n"),
        ("words\n1. one\n2. two\n", "words\n\n1. one\n2. two\n"),
        ("- one\n  goes on\n- two\n", "- one\n    goes on\n- two\n"),
        ("- one\n  - inner\n    goes on\n- two\n", "- one\n    - inner\n        goes on\n- two\n"),
        ("1. one\n   goes on\n\n   more\n2. two\n", "1. one\n    goes on\n\n    more\n2. two\n"),
        ("- one\nlazy\n\nwords\n", "- one\n    lazy\n\nwords\n"),
        ("- one\n\nwords\n- two\n", "- one\n\nwords\n\n- two\n"),
        ("- one\n  ```sh\n  a\n    b\n  ```\n", "- one\n\n    ```sh\n    a\n      b\n    ```\n"),
        ("```\n- no list\n  in code\n```\n", "```\n- no list\n  in code\n```\n"),
        ("words\n\n* one\n* two\n", "words\n\n* one\n* two\n"),
    ],
)
def test_lists(written: str, read: str) -> None:
    assert sane(written) == read
