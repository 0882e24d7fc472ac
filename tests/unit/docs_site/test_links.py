"""Links of pages into the repository lead to pages of the site."""

from __future__ import annotations

from pathlib import Path

import pytest
from docs_site.links import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    for name, text in {
        "docs/page.md": "[jobs](../examples/jobs/README.md#run) [all](../examples) `[n](../l.md)` [gone](../gone.md)",
        "docs/cookbook/README.md": "# Cookbook",
        "docs/cookbook/quorum.md": "[code](quorum.py) ![picture](../../examples/map.png) [up](../page.md)",
        "docs/cookbook/quorum.py": "print(1)",
        "examples/jobs/README.md": "[back](../../docs/page.md) [code](jobs.py) [site](https://example.org)",
        "examples/jobs/jobs.py": "x = '''\n```\n'''\n",
        "examples/map.png": "",
        "README.md": '<img src="docs/dashboard.png"> [all](docs/README.md) <a href="examples/jobs/README.md">',
        "docs/README.md": "# Pages",
        "docs/dashboard.png": "",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Repository(tmp_path)


def linked(repository: Repository, place: str) -> str:
    return repository.linked(place, (repository.root / repository.path(place)).read_text(encoding="utf-8"))


def test_what_stands_beside_the_pages_has_a_place_of_its_own(repository: Repository) -> None:
    assert linked(repository, "page.md") == (
        "[jobs](repository/examples/jobs.md#run) [all](repository/examples.md) `[n](../l.md)` [gone](../gone.md)"
    )
    assert linked(repository, "cookbook/quorum.md") == (
        "[code](../repository/docs/cookbook/quorum.py.md) ![picture](../repository/examples/map.png) [up](../page.md)"
    )


def test_a_page_of_the_repository_leads_back_into_the_site(repository: Repository) -> None:
    assert linked(repository, "repository/examples/jobs.md") == (
        "[back](../../page.md) [code](jobs/jobs.py.md) [site](https://example.org)"
    )
    assert linked(repository, "repository/README.md") == (
        '<img src="../dashboard.png"> [all](../README.md) <a href="examples/jobs.html">'
    )


def test_what_pages_lead_to_is_found_over_any_number_of_links(repository: Repository) -> None:
    assert repository.led_to(["page.md", "cookbook/quorum.md"], ["repository/README.md"]) == {
        "repository/README.md",
        "repository/docs/cookbook/quorum.py.md",
        "repository/examples.md",
        "repository/examples/jobs.md",
        "repository/examples/jobs/jobs.py.md",
        "repository/examples/map.png",
    }


def test_a_file_and_a_folder_are_shown_as_pages(repository: Repository) -> None:
    assert repository.content("repository/examples/jobs/jobs.py.md") == (
        "# `examples/jobs/jobs.py`\n\n````python\nx = '''\n```\n'''\n\n````\n"
    )
    assert repository.content("repository/examples.md") == "# examples\n\n- `jobs/`\n- `map.png`\n"


def test_a_link_within_a_block_of_code_is_none(repository: Repository) -> None:
    assert repository.linked("page.md", "```\n[x](../README.md)\n```\n") == "```\n[x](../README.md)\n```\n"


def test_a_page_that_is_named_by_its_file_is_named_by_its_title(repository: Repository) -> None:
    (repository.root / "docs" / "routing.md").write_text("# How a send finds its way\n", encoding="utf-8")
    assert repository.linked("page.md", "see [routing.md](routing.md#who), [all](routing.md)") == (
        "see [How a send finds its way](routing.md#who), [all](routing.md)"
    )
