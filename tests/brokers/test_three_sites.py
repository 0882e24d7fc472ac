"""The example of three sites, as its page has it: roles across two LANs and a hub, one site cut off and back."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hosts import hosts_of
from nats_servers import program

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "three_sites"
ALL, ALONE, OTHERS = "700 bolts: berlin 120, hub 500, lyon 80", "80 bolts: lyon 80", "620 bolts: berlin 120, hub 500"


def said(part: str, desk: str) -> list[str]:
    return re.findall(rf"^  {desk} +(.*)$", part, re.MULTILINE)


@pytest.mark.long
@pytest.mark.timeout(240)  # six processes on a machine that may be busy, and a cut that is noticed by silence
def test_each_desk_asks_the_stores_that_it_reaches() -> None:
    program()
    with hosts_of(1):  # or skip, with the reason
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "three_sites"],
            check=False, capture_output=True, text=True, timeout=220, cwd=FOLDER.parent,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    begun, cut, back = re.split(r"^Lyon is .*$", done.stdout, flags=re.MULTILINE)
    for desk in ("berlin-desk", "lyon-desk"):
        assert said(begun, desk)[-1] == said(back, desk)[-1] == ALL
    assert said(cut, "berlin-desk")[-1] == OTHERS
    assert said(cut, "lyon-desk")[-1] == ALONE
    assert all("lyon 80" in each for each in said(cut + back, "lyon-desk")), "its own LAN never failed it"
    peers = [line.split() for line in begun.splitlines() if " ready " in line]
    assert sorted(word for words in peers for word in words if word in ("tcp", "nats")) == ["nats"] * 3 + ["tcp"]


def test_its_picture_shows_what_it_prints() -> None:
    picture = ET.parse(FOLDER / "three_sites.svg").getroot()  # noqa: S314  # our own file
    shown = "\n".join(each.text or "" for each in picture.iter("{http://www.w3.org/2000/svg}text"))
    begun, cut, back = re.split(r"^Lyon is .*$", shown, flags=re.MULTILINE)
    assert said(begun, "berlin-desk")[-1] == said(back, "lyon-desk")[-1] == ALL
    assert (said(cut, "berlin-desk")[-1], said(cut, "lyon-desk")[-1:]) == (OTHERS, [ALONE])
