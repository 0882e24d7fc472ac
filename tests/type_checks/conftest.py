"""Type checkers take their time: these tests run where they are asked for, by `make types`."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out unless it is named, or its marker."""
    named = any(Path(argument.split("::")[0]).resolve().is_relative_to(HERE) for argument in config.args)
    asked = named or "types" in config.getoption("markexpr", "")
    return True if not asked and collection_path.suffix == ".py" else None
