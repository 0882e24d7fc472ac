"""What a program hears of the bus, by `logging` or by structlog."""

from __future__ import annotations

import asyncio
import copy
import io
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
import structlog

from peerbus.actors import Actor, Bus, Channel, Outcome, Reactor, RemoteError, Role, handles
from peerbus.actors.base.log import InFull, get_logger
from peerbus.testing import PeerProbe

NODE = "0123456789ab" + "cdef" * 13


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[logging.LogRecord]]]:
    """What was said on loggers of the bus, from `debug` up."""
    with caplog.at_level(logging.DEBUG, "peerbus"):
        yield lambda: [record for record in caplog.records if record.name.startswith("peerbus")]


def test_a_line_says_its_event_its_fields_and_who_said_it(heard: Callable[[], list[logging.LogRecord]]) -> None:
    get_logger("peerbus.test").info("100% up", peer="bob", rtt=0.5, error=None, what="two words", url="a=b")
    (record,) = heard()
    assert record.getMessage() == "100% up peer=bob rtt=0.5 error=None what='two words' url='a=b'"
    assert (record.name, record.levelno, record.funcName, record.filename) == (
        "peerbus.test",
        logging.INFO,
        "test_a_line_says_its_event_its_fields_and_who_said_it",
        "test_log.py",
    )
    fields: dict[str, Any] = vars(record)
    assert (fields["event"], fields["peer"], fields["rtt"], fields["error"]) == ("100% up", "bob", 0.5, None)


def test_lines_of_one_event_have_one_text_before_their_values(heard: Callable[[], list[logging.LogRecord]]) -> None:
    log = get_logger("peerbus.test")
    log.info("dial failed", endpoint="tcp://a")
    log.info("dial failed", endpoint="tcp://b")
    assert len({record.msg for record in heard()}) == 1
    assert len({record.getMessage() for record in heard()}) == 2


def test_a_line_is_one_line_whatever_a_stranger_says(heard: Callable[[], list[logging.LogRecord]]) -> None:
    get_logger("peerbus.test").warning("refused", text='bye\nERROR forged "line"\x1b[2J\x85', raw=b"\n")
    assert heard()[0].getMessage().isprintable()


def test_a_line_is_as_long_as_this_node_likes_whatever_a_stranger_says(
    heard: Callable[[], list[logging.LogRecord]],
) -> None:
    says = {"text": "x\x1b" * 5000, "offers": tuple(f"role{n}" for n in range(64)), "words": ["y" * 300, "z" * 300]}
    get_logger("peerbus.test").warning("roles changed", at=InFull("tcp://" + "a" * 400), **says)
    message = heard()[0].getMessage()
    assert "tcp://" + "a" * 400 in message  # to be copied
    assert "role7,and 56 more" in message
    assert "(10000 characters)" in message
    assert f"{'y' * 300},and 1 more" in message
    assert len(message) < 1500


@pytest.mark.parametrize("field", ["name", "message", "msg", "args", "exc_text", "asctime", "taskName", "event", "own"])
def test_a_field_replaces_nothing_that_a_record_says_itself(
    heard: Callable[[], list[logging.LogRecord]], monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    factory = logging.getLogRecordFactory()

    def with_own(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = factory(*args, **kwargs)
        record.own = "the program's"
        return record

    logging.setLogRecordFactory(with_own)
    try:
        get_logger("peerbus.test").info("said", **{field: "ours"} if field != "event" else {"event_": "ours"})
    finally:
        logging.setLogRecordFactory(factory)
    (record,) = heard()
    assert vars(record)[f"{field}_"] == "ours"
    assert (record.name, vars(record)["event"], vars(record)["own"]) == ("peerbus.test", "said", "the program's")
    assert logging.Formatter("%(asctime)s %(name)s %(message)s").format(record).count("ours") == 1


def test_what_is_below_the_level_makes_no_text(caplog: pytest.LogCaptureFixture) -> None:
    class Costly:
        def __str__(self) -> str:
            raise AssertionError("a text was made that nobody hears")

    with caplog.at_level(logging.WARNING, "peerbus"):
        get_logger("peerbus.test").info("quiet", what=Costly())
    assert not caplog.records


def test_levels_are_set_by_name(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "peerbus"), caplog.at_level(logging.DEBUG, "peerbus.discovery"):
        get_logger("peerbus.actors").warning("quiet")
        get_logger("peerbus.discovery").debug("loud")
    assert [record.getMessage() for record in caplog.records] == ["loud"]


def test_an_error_comes_with_its_traceback(heard: Callable[[], list[logging.LogRecord]]) -> None:
    log = get_logger("peerbus.test")
    try:
        raise KeyError("lost")
    except KeyError as error:
        log.exception("failed")
        caught = error
    log.warning("failed", exc_info=caught)
    for record in heard():
        assert record.exc_info is not None
        assert record.exc_info[1] is caught
        assert record.exc_info[2] is not None


def test_node_ids_are_short_in_fields_and_texts_but_for_those_that_are_to_be_copied(
    heard: Callable[[], list[logging.LogRecord]],
) -> None:
    get_logger("peerbus.test").info(
        "no", peer=NODE, why=f"nobody at {NODE}@host, {NODE}", mine=InFull(NODE), key=NODE * 2
    )
    get_logger("peerbus.test").info("up", at=[f"{NODE}@tcp://a:1", InFull(NODE)], roles=())
    assert heard()[0].getMessage() == (
        f"no peer=0123456789ab why='nobody at 0123456789ab@host, 0123456789ab' mine={NODE} key={NODE * 2}"
    )
    assert heard()[1].getMessage() == f"up at=0123456789ab@tcp://a:1,{NODE} roles=''"


def test_a_program_that_has_set_up_structlog_hears_there_and_only_there(
    heard: Callable[[], list[logging.LogRecord]],
) -> None:
    said: list[dict[str, Any]] = []

    def keep(_logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        said.append({**event, "method": method})
        raise structlog.DropEvent

    log = get_logger("peerbus.test")
    log.info("before")
    structlog.configure(processors=[keep])
    log.info("dial failed", peer=NODE)
    structlog.reset_defaults()
    log.info("after")
    assert said == [{"event": "dial failed", "peer": NODE[:12], "logger": "peerbus.test", "method": "info"}]
    assert [record.getMessage() for record in heard()] == ["before", "after"]


def test_the_caller_is_right_for_structlog_too() -> None:
    stream = io.StringIO()
    structlog.configure(
        processors=[
            structlog.processors.CallsiteParameterAdder([structlog.processors.CallsiteParameter.FUNC_NAME]),
            structlog.processors.KeyValueRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    get_logger("peerbus.test").info("said")
    assert "func_name='test_the_caller_is_right_for_structlog_too'" in stream.getvalue()


def test_a_program_without_logging_hears_warnings_on_standard_error_and_nothing_else() -> None:
    program = (
        "from peerbus.actors.base.log import get_logger; log = get_logger('peerbus.test');"
        "log.info('quiet', a=1); log.warning('loud', a=1); import sys; assert 'structlog' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == ("", "loud a=1\n")


# What the bus says.


class Failing(Actor):
    def on_receive(self, message: Any) -> Any:
        raise message


async def test_a_handler_that_fails_an_ask_is_a_warning_with_its_traceback(
    heard: Callable[[], list[logging.LogRecord]],
) -> None:
    async with Bus() as bus:
        ref = bus.spawn(Failing, name="failing")
        with pytest.raises(RemoteError):
            await bus.ask(ref, KeyError("lost"))
        with pytest.raises(RemoteError):
            await bus.ask(ref, RemoteError("refused", "no"))  # what a handler says on purpose is no failure
    (record,) = [record for record in heard() if record.levelno > logging.INFO]
    assert (record.name, record.levelno) == ("peerbus.actors", logging.WARNING)
    assert (
        record.getMessage()
        == "handler failed, the asker is told node=bus actor=failing message=KeyError error=\"KeyError('lost')\""
    )
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError


@dataclass(frozen=True)
class Get:
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get,), idempotent=(Get,))

    @handles(Get)
    def get(self, get: Get) -> str:
        return f"block {get.height}"


async def _awaited(outcome: Outcome[Any]) -> Any:
    return await outcome


async def test_a_role_ask_says_that_it_fails_over_from_whom_to_whom_and_why(
    heard: Callable[[], list[logging.LogRecord]],
) -> None:
    async with (
        Bus(rng=Random(1), name="front") as bus,
        PeerProbe(bus, reactors=[Blocks], roles={"archive"}, name="one") as one,
        PeerProbe(bus, reactors=[Blocks], roles={"archive"}, name="two") as two,
    ):
        asking = asyncio.ensure_future(_awaited(bus.ask(Role("archive") / Blocks, Get(7))))
        await asyncio.sleep(1)
        gone, other = (one, two) if one.received else (two, one)
        other.answer(Get, "block")
        await gone.leave("crashed")
        assert await asking == "block"
    (line,) = [record.getMessage() for record in heard() if "fails over" in record.getMessage()]
    assert line == (
        "role ask fails over node=front ask=bus://role:archive/blocks message=Get "
        f"tried={gone.id[:12]} next={other.id[:12]} why=peer_gone"
    )


def test_an_event_that_has_words_and_no_fields_is_a_line(heard: Callable[[], list[logging.LogRecord]]) -> None:
    get_logger("peerbus.test", {"begun": "it has begun"}).info("begun")
    assert [record.getMessage() for record in heard()] == ["it has begun"]


def test_a_logger_has_what_it_has_and_is_copied_as_any_object(heard: Callable[[], list[logging.LogRecord]]) -> None:
    log = get_logger("peerbus.test")
    assert hasattr(log, "warning")
    assert not hasattr(log, "warning_")
    with pytest.raises(AttributeError, match="no 'nosuch'"):
        log.nosuch("x")  # type: ignore[attr-defined]  # that is what is tried
    for again in (copy.copy(log), copy.deepcopy(log)):
        again.info("heard")
    assert len(heard()) == 2


FORGED = "no\n2026-01-01 ERROR all is well\x1b[2J\u2028"


def test_an_error_says_no_more_than_its_own_lines_whoever_prints_it(
    heard: Callable[[], list[logging.LogRecord]],
) -> None:
    log = get_logger("peerbus.test")
    stream = io.StringIO()
    log.error("failed", exc_info=ValueError(FORGED), why=FORGED)
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.dev.ConsoleRenderer(colors=False)])
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(stream))
    log.error("failed", exc_info=ValueError(FORGED), why=[FORGED])
    try:
        raise ValueError(FORGED)
    except ValueError:
        log.exception("failed")
    structlog.reset_defaults()
    text = stream.getvalue() + logging.Formatter("%(message)s %(why)s").format(heard()[0])
    assert text.count("ValueError: no") == 3
    assert not any(line.startswith("2026") for line in text.splitlines())
    assert all(line.isprintable() for line in text.splitlines())
