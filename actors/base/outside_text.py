"""Text from outside, made safe to print: one door for whatever comes to a log, a terminal or a traceback.

Law: what has passed has no control character and no end of a line, whoever prints it, and how.
"""

from __future__ import annotations

from typing import Any

__all__ = ["printable", "printable_error"]

#: Classes that stand in for others, by module and name: a program has fewer classes of errors.
_STAND_INS: dict[tuple[str, str, bool], type[BaseException]] = {}
MAX_STAND_INS = 256
#: Errors of one chain that are looked at: what is beyond, nobody reads.
MAX_CHAIN = 64


def printable(text: str) -> str:
    """A text as one line: what is not printable, ends of lines too, becomes an escape."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def printable_error(error: BaseException) -> BaseException:
    """An error whose traceback may be printed by anybody: itself, where all that it says is printable.

    Else one that looks the same, with escapes in its text, and in those of its causes, contexts, notes and members. Its
    class has the same name, and is another one.
    """
    chain = _chain(error)
    if len(chain) < MAX_CHAIN and all(map(_is_printable, chain)):
        return error
    made: dict[int, BaseException] = {id(each): _stand_in(each) for each in chain if not _members(each)}
    # A group is made of its members: those first, which come behind it in the chain.
    for each in reversed(chain):
        if _members(each):
            made[id(each)] = _stand_in_group(each, [made[id(one)] for one in _members(each) if id(one) in made])
    for each in chain:
        stand_in = made[id(each)]
        stand_in.__traceback__ = each.__traceback__
        stand_in.__cause__ = None if each.__cause__ is None else made.get(id(each.__cause__))
        stand_in.__context__ = None if each.__context__ is None else made.get(id(each.__context__))
        stand_in.__suppress_context__ = each.__suppress_context__
        for note in _notes(each):
            stand_in.add_note(printable(note))
    return made[id(error)]


def _chain(error: BaseException) -> list[BaseException]:
    """The error, and all that is printed with it, each once."""
    found: list[BaseException] = []
    seen: set[int] = set()
    left = [error]
    while left and len(found) < MAX_CHAIN:
        each = left.pop()
        if id(each) not in seen:
            seen.add(id(each))
            found.append(each)
            left += [one for one in (each.__cause__, each.__context__) if one is not None]
            left += _members(each)
    return found


def _members(error: BaseException) -> tuple[BaseException, ...]:
    return error.exceptions if isinstance(error, BaseExceptionGroup) else ()


def _notes(error: BaseException) -> list[str]:
    notes: Any = getattr(error, "__notes__", ())
    return [note for note in notes if isinstance(note, str)] if isinstance(notes, list | tuple) else []


def _is_printable(error: BaseException) -> bool:
    return _text(error).isprintable() and all(note.isprintable() for note in _notes(error))


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # user code
        return f"<{type(error).__name__}: its text fails>"


def _class(error: BaseException, base: type[BaseException]) -> type[BaseException]:
    like = type(error)
    key = like.__module__, like.__qualname__, base is Exception
    found = _STAND_INS.get(key)
    if found is None:
        found = type(like.__name__, (base,), {"__module__": like.__module__, "__qualname__": like.__qualname__})
        if len(_STAND_INS) < MAX_STAND_INS:
            _STAND_INS[key] = found
    return found


def _stand_in(error: BaseException) -> BaseException:
    return _class(error, Exception)(printable(_text(error)))


def _stand_in_group(error: BaseException, members: list[BaseException]) -> BaseException:
    if not members:
        return _stand_in(error)
    message = error.message if isinstance(error, BaseExceptionGroup) else ""
    return _class(error, BaseExceptionGroup)(printable(message), members)
