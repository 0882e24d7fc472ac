"""The page of examples/gateway in a real browser: jobs, refusals, a cancelled one, as wide as a desk and as a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.timeout(180)  # three processes and a browser start
def test_the_page_shows_progress_refusals_and_a_cancelled_job_and_fits_its_window(tmp_path: Path) -> None:
    from example_pictures.browser import VIEWS, photograph_gateway

    photograph_gateway(EXAMPLES, tmp_path, views=VIEWS)
    assert {path.name for path in tmp_path.iterdir()} == {"gateway.png", "gateway-dark.png", "gateway-phone.png"}
