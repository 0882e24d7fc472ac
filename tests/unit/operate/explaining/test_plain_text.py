"""A page on a terminal: no marks, links as names to look up, tables row by row, code as it is."""

from __future__ import annotations

from peerbus.operate.explaining import plain_lines

TEXT = """\
<!-- metrics -->
**Cause.** No peer *answers*; see [a slow reactor](operate.md#a-slow-reactor), [NoRoute](#noroute), the
[page](operate.md),
[operate.md](operate.md), [TOML](https://toml.io), [a program](../examples/jobs/README.md) and `code *as* it is`.

- one thing that is long enough to be wrapped somewhere here
  and goes on
- another

```python
def greet() -> str:

    return "# hello"
```

| phase | where | what to do |
| --- | --- | --- |
| `credit` | the peer takes<br>no more | wait |

| key | meaning |
| --- | --- |
| `name` | what people call it |

![The bus](pictures/bus.svg)
"""


def test_a_page_reads_as_text() -> None:
    assert (
        "\n".join(plain_lines("errors", TEXT, 60))
        == """\
Cause. No peer answers; see a slow reactor
(operate#a-slow-reactor), NoRoute, the page (operate),
operate.md, TOML (https://toml.io), a program and `code *as*
it is`.

- one thing that is long enough to be wrapped somewhere here
  and goes on
- another

    def greet() -> str:

        return "# hello"

  `credit`
      where: the peer takes; no more
      what to do: wait

  `name`
      what people call it
"""
    )
