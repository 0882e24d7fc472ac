"""Have the compiled core let go of an object last, as an interpreter does: when nothing leads to it any more.

What is let go may run code, of a destructor, a callback or another thread: a future whose error nobody has seen, a
coroutine that ends. What mypyc writes runs that code in the midst of two things. An object goes to where the next of
its class is taken from, then lets go of its attributes: such code made an object of it, which was emptied then. And an
attribute lets go of its value, and then takes the new one: such code read a value that was gone.

Lists need nothing of it: those that the core puts into by a place hold numbers, addresses and functions.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["let_go_last", "mended"]

#: An object that is over is kept for the next, and emptied.
KEPT = re.compile(r"^if \((\w+_free_instance) == NULL\) \{\n\1 = self;\n(.*?)^return;\n\}\n", re.MULTILINE | re.DOTALL)
#: The same in order. Meanwhile another may have been kept; then this one, which is empty, is freed like any.
EMPTIED = r"if (\1 == NULL) {\n\2if (\1 == NULL) {\n\1 = self;\nreturn;\n}\n}\n"
#: An attribute, which may be a tuple of several values or still have none, takes another value.
STORED = re.compile(
    r"^(?P<had>if \([^\n]* != NULL\) \{\n)?(?P<gone>(?:CPy_DECREF\w*\([^\n]*->[^\n]*\);\n)+)(?(had)\}\n)"
    r"(?P<place>[^\n;=]*->\w+) = (?P<value>[^\n;=]+);\n",
    re.MULTILINE,
)
#: What may be left of neither.
LEFT = re.compile(r"^(?:\w+_free_instance = self;\n(?!return;)|CPy_DECREF\w*\([^\n]*->[^\n]*\);)", re.MULTILINE)


def mended(path: Path) -> Path:
    """A file beside that of the C of a group of modules, in the right order; one that only loads such a group as it is.

    It is written only where it changes: what is older than its library is not compiled again. Raises: as `let_go_last`.
    """
    if not path.name.startswith("__native"):
        return path
    text, beside = let_go_last(path.read_text("utf-8")), path.with_stem(f"{path.stem}_mended")
    if not beside.is_file() or beside.read_text("utf-8") != text:
        beside.write_text(text, "utf-8")
    return beside


def let_go_last(text: str) -> str:
    """The C that mypyc has written, in the right order.

    Raises: SystemExit where something of it is written in a way that is not known here.
    """
    # Without its indentation, which grows with what is written: nine parts in ten of all.
    lines = "".join(f"{line.strip()}\n" for line in text.split("\n"))
    changed = STORED.sub(_stored, KEPT.sub(EMPTIED, lines))
    left = LEFT.search(changed)
    if left is not None:
        raise SystemExit(f"the C that mypyc writes lets go too early, in a way that is not known: {left[0]}")
    return changed


def _stored(found: re.Match[str]) -> str:
    place, value = found["place"], found["value"]
    had = found["had"] or ""
    let_go = (had + found["gone"] + ("}\n" if had else "")).replace(place, "before")
    return f"{{\n__typeof__({place}) before = {place};\n{place} = {value};\n{let_go}}}\n"
