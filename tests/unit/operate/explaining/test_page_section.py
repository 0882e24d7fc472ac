"""A page is read section by section, under the anchors that its headings have on the site."""

from __future__ import annotations

from peerbus.operate.explaining.page_section import sections_of

PAGE = """\
# Errors

Every one.

```console
# no heading, but a comment
```

## Commands and the *admin* API

### `NoRoute`
**Cause.** Nobody.

### Who's [there](peers.md)?
"""


def test_headings_make_sections_and_code_makes_none() -> None:
    found = list(sections_of("errors", PAGE))
    assert [(each.level, each.anchor, each.title) for each in found] == [
        (1, "errors", "Errors"),
        (2, "commands-and-the-admin-api", "Commands and the admin API"),
        (3, "noroute", "NoRoute"),
        (3, "whos-there", "Who's there?"),
    ]
    assert [each.place for each in found[:2]] == ["errors", "errors#commands-and-the-admin-api"]
    assert found[2].text == "**Cause.** Nobody."
    assert "# no heading" in found[0].text
