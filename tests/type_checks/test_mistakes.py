"""Mistakes that people make are refused in words that say what is wrong: what both checkers say is kept, and read.

`mistakes/mypy.txt` and `mistakes/pyright.txt` have all of it, as it was read last: another version of a checker may say
it otherwise. What its reader needs to understand it must be in it. `PEERBUS_KEEP=1` writes both anew.
"""

from __future__ import annotations

import os
import re
import shutil
from functools import cache
from pathlib import Path

import pytest
from type_checkers import Complaint, complaints

HERE = Path(__file__).parent / "mistakes"
PROGRAM = HERE / "mistakes.py"
CHECKERS = {"mypy": "mypy --strict", "pyright": "pyright basic"}
#: What a message is told to be, where it is another.
_DECLARED = "GetBlock | GetRange | Forget"
#: By the number of a mistake, what must stand in what mypy says, and in what pyright says.
SAID = {
    1: (f'incompatible type "Block"; expected "{_DECLARED}', f'"Block" is not assignable to type "{_DECLARED}'),
    2: (f'incompatible type "Other"; expected "Asks[{_DECLARED}', f'"Other" is not assignable to type "{_DECLARED}'),
    3: (f'"type[GetBlock]"; expected "{_DECLARED}', f'"type[GetBlock]" is not assignable to type "{_DECLARED}'),
    4: ('variable has type "int"', '"Block" is not assignable to declared type "int"'),
    5: ('has type "Results[Block]", variable has type "Block"', '"Results[Block]" is not assignable to declared type'),
    6: ('"Outcome[Block]" has no attribute "height"', 'attribute "height" for class "Outcome[Block]"'),
    7: ('matches argument types "Role[', '"Role[OnePick]" is not assignable to type "Address['),
    8: ('matches argument types "type[Blocks]"', '"type[Blocks]" is not assignable to type "Address['),
    9: (f'incompatible type "int"; expected "{_DECLARED}', f'"Literal[7]" is not assignable to type "{_DECLARED}'),
    10: ('"GetBlock", "str"', 'assigned to parameter "timeout" of type "float | None"'),
    11: ('Unexpected keyword argument "deadline"', "No overloads"),
    12: ('matches argument types "Address[', 'is not assignable to "GroupAddress[GetBlock]"'),
    13: ('"AnswerInItems[Block]" has no attribute "__aiter__"', '"AnswerInItems[Block]" is not iterable'),
    14: ('"OneAnswer[Block]" has no attribute "__aiter__"', '"OneAnswer[Block]" is not iterable'),
    15: ('"hight" for "GetBlock"; did you mean "height"?', 'No parameter named "hight"'),
    16: ('"height" defined in "GetBlock" is read-only', 'Attribute "height" is read-only'),
    17: ('matches argument types "GroupAddress[', '"GroupAddress[GetBlock | GetRange | Forget]" is not assignable'),
    18: ('"Block" has no attribute "hash"', 'attribute "hash" for class "Block"'),
    19: (
        '"Callable[[Wrong, Forget], Block]"; expected "Callable[[Wrong, GetBlock]',
        '"GetBlock" is not assignable to "Fo',
    ),
    20: (
        '"Callable[[Wrong, GetBlock], int]"; expected "Callable[[Wrong, GetBlock]',
        '"int" is incompatible with type "B',
    ),
    21: ('has type "Outcome[Block]", variable has type "Block"', '"Outcome[Block]" is not assignable to declared type'),
    22: ('has incompatible type "tuple[GetBlock]"', '"GetBlock" is not assignable to type "type['),
    24: ('(actual type "AnswerInItems[Block]"', '"AnswerInItems[Block]" is not awaitable'),
    25: ('(actual type "AnswerInItems[Block]"', '"AnswerInItems[Block]" is not awaitable'),
    23: (
        'incompatible type "Blocks"; expected "Callable[[], Actor]"',
        '"Blocks" is not assignable to type "() -> Actor"',
    ),
}

pytestmark = [pytest.mark.types, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program alone, as its author has it."""
    folder = tmp_path_factory.mktemp("mistakes")
    shutil.copy(PROGRAM, folder)
    return folder


@cache
def _said(checker: str, folder: Path) -> dict[int, str]:
    """What a checker says, by the number of the mistake; 0 for what is said of no mistake."""
    numbers: dict[int, int] = {}
    number = 0
    for line, text in enumerate(PROGRAM.read_text(encoding="utf-8").splitlines(), 1):
        found = re.match(r"\s*# (\d+)\. ", text)
        number = int(found[1]) if found else number
        numbers[line] = number
    texts: dict[int, list[str]] = {}
    each: Complaint
    for each in complaints(CHECKERS[checker], folder):
        texts.setdefault(numbers[each.line], []).append(each.text)
    return {number: "\n".join(lines) for number, lines in texts.items()}


@pytest.mark.parametrize("checker", CHECKERS)
def test_every_mistake_is_refused_and_nothing_else(checker: str, program: Path) -> None:
    found = _said(checker, program)
    if os.environ.get("PEERBUS_KEEP"):
        texts = [f"{number}.\n{text}\n" for number, text in sorted(found.items())]
        (HERE / f"{checker}.txt").write_text("\n".join(texts), encoding="utf-8")
    assert sorted(found) == sorted(SAID)
    kept = re.findall(r"^(\d+)\.$", (HERE / f"{checker}.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(map(int, kept)) == sorted(SAID), "PEERBUS_KEEP=1 make types, and read them"


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("number", SAID)
def test_a_mistake_is_understood_from_what_is_said(number: int, checker: str, program: Path) -> None:
    wanted = SAID[number][list(CHECKERS).index(checker)]
    assert wanted in _said(checker, program).get(number, "")
