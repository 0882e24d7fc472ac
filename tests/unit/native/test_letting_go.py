"""What is let go may run code, and no object of the core is halfway then: neither one of its kind, nor what held it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from native_build.letting_go import let_go_last

from peerbus.actors.mailbox.envelope import Envelope, Weighed
from peerbus.transports.lanes.batch import Outgoing

#: Of each struct of the core, one that carries something.
MAKE: dict[str, Callable[[object], Envelope]] = {
    "Envelope": lambda message: Envelope(message, size=7),
    "Weighed": lambda message: Weighed(message, size=7, weight=8),
    "Outgoing": lambda message: Outgoing(message, size=7, number=8),
}


class Last:
    """It does something when nothing refers to it any more."""

    def __init__(self, does: Callable[[], object]) -> None:
        self.does = does

    def __del__(self) -> None:
        self.does()


@pytest.mark.parametrize("make", MAKE.values(), ids=list(MAKE))
def test_what_is_made_while_another_of_its_kind_is_let_go_keeps_what_it_was_given(
    make: Callable[[object], Envelope],
) -> None:
    made: list[Envelope] = []
    for number in range(3):
        make(Last(lambda: made.append(make(number))))  # noqa: B023  # it is over before the next turn
    assert [(each.message, each.size) for each in made] == [(0, 7), (1, 7), (2, 7)]


def test_what_lets_go_of_a_value_has_the_next_one_already() -> None:
    read: list[object] = []
    envelope = Envelope(None)
    envelope.message = Last(lambda: read.append(envelope.message))
    envelope.message = "next"
    assert read == ["next"]


def test_in_c_an_object_is_kept_for_the_next_when_it_is_empty() -> None:
    written = """
    if (Envelope_free_instance == NULL) {
        Envelope_free_instance = self;
        Py_CLEAR(self->_message);
        if (CPyTagged_CheckLong(self->_size)) {
            self->_size = CPY_INT_TAG;
        }
        return;
    }
    CPy_TRASHCAN_BEGIN(self, Envelope_dealloc)
"""
    assert let_go_last(written).split("\n")[1:13] == [
        "if (Envelope_free_instance == NULL) {",
        "Py_CLEAR(self->_message);",
        "if (CPyTagged_CheckLong(self->_size)) {",
        "self->_size = CPY_INT_TAG;",
        "}",
        "if (Envelope_free_instance == NULL) {",
        "Envelope_free_instance = self;",
        "return;",
        "}",
        "}",
        "CPy_TRASHCAN_BEGIN(self, Envelope_dealloc)",
        "",
    ]


@pytest.mark.parametrize(
    ("written", "changed"),
    [
        (
            "CPy_DECREF(((Cell *)self)->_types);\n((Cell *)self)->_types = cpy_r_r96;\n",
            "__typeof__(((Cell *)self)->_types) before = ((Cell *)self)->_types;\n"
            "((Cell *)self)->_types = cpy_r_r96;\nCPy_DECREF(before);\n",
        ),
        (
            "if (self->_types != NULL) {\nCPy_DECREF(self->_types);\n}\nself->_types = tmp;\n",
            "__typeof__(self->_types) before = self->_types;\n"
            "self->_types = tmp;\nif (before != NULL) {\nCPy_DECREF(before);\n}\n",
        ),
        (
            "if (self->_of.f0 != NULL) {\nCPy_DECREF(self->_of.f0);\nCPy_DECREF(self->_of.f1);\n}\nself->_of = tmp;\n",
            "__typeof__(self->_of) before = self->_of;\nself->_of = tmp;\n"
            "if (before.f0 != NULL) {\nCPy_DECREF(before.f0);\nCPy_DECREF(before.f1);\n}\n",
        ),
    ],
)
def test_in_c_an_attribute_takes_the_next_value_before_it_lets_go(written: str, changed: str) -> None:
    assert let_go_last(written) == f"{{\n{changed}}}\n\n"


@pytest.mark.parametrize(
    "written",
    [
        "if (free_instance() == NULL) {\nEnvelope_free_instance = self;\nPy_CLEAR(self->_message);\nreturn;\n}\n",
        "CPy_DECREF(self->_types);\nnote(self);\nself->_types = tmp;\n",
        "if (self->_types != NULL) {\nCPy_DECREF_NO_IMM(self->_types);\n}\nself->_other = tmp;\n",
    ],
)
def test_c_that_lets_go_early_in_another_way_is_not_built(written: str) -> None:
    with pytest.raises(SystemExit, match="lets go too early"):
        let_go_last(written)
