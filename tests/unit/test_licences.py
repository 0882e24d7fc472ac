"""docs/licences.md has the licence of everything that a node needs; none of them asks for more than is known."""

from __future__ import annotations

import configparser
import re

from licences import EXTRAS, PAGE, listed, needed
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from source_tree import ROOT

#: What a program may be shipped with, whatever it is under itself; and, of libraries that are imported unchanged, LGPL.
PERMISSIVE = frozenset(
    [
        "Apache-2.0",
        "MIT",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "PSF-2.0",
        "0BSD",
        "MIT-0",
        "Python-2.0",
        "LGPL-2.1-or-later",
    ]
)


def test_the_page_has_what_is_installed_with_its_licence() -> None:
    page = listed(PAGE.read_text(encoding="utf-8"))
    found = needed()
    assert {"pykka", "msgpack", "msgspec", "zeroconf", "structlog", "cryptography", "h11"} <= found.keys()
    assert {name: each for name, each in found.items() if page.get(name) != each} == {}, "run: make generate"


def test_every_dependency_that_setup_cfg_names_is_in_the_page() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = [setup["options"]["install_requires"]]
    lines += [setup["options.extras_require"][extra] for extra in EXTRAS if extra]
    wanted = {
        canonicalize_name(Requirement(line).name)
        for text in lines
        for line in text.splitlines()
        if line.strip() and not line.startswith("#")
    }
    page = listed(PAGE.read_text(encoding="utf-8"))
    assert sorted(wanted - page.keys() - {"peerbus"}) == []


def test_no_licence_asks_more_than_is_known() -> None:
    asked = {
        name: each.licence
        for name, each in listed(PAGE.read_text(encoding="utf-8")).items()
        if not PERMISSIVE & set(re.findall(r"[\w.-]+", each.licence))
        or ("AND" in each.licence and not set(re.split(r" AND ", each.licence)) <= PERMISSIVE)
    }
    assert asked == {}
