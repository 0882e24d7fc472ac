"""Logging: one event a line, the bus and the libraries alike, for people or for programs."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
import structlog

from peerbus.actors.base.log import get_logger
from peerbus.node import logs


def test_json_is_one_object_a_line_with_a_utc_time() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    structlog.get_logger().bind(node="alice").info("peer up", peer="bob", rtt=0.5)
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert {key: event[key] for key in ("event", "level", "node", "peer", "rtt")} == {
        "event": "peer up",
        "level": "info",
        "node": "alice",
        "peer": "bob",
        "rtt": 0.5,
    }
    assert datetime.fromisoformat(event["timestamp"]).utcoffset() == timedelta(0)


def test_a_logger_that_has_spoken_hears_of_a_second_call() -> None:
    log, streams = get_logger("peerbus.test"), (io.StringIO(), io.StringIO())
    for stream in streams:
        logs.configure("info", "json", stream)
        log.info("peer up")
    assert [json.loads(stream.getvalue())["logger"] for stream in streams] == ["peerbus.test"] * 2


def test_the_libraries_speak_in_the_same_form() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    logging.getLogger("zeroconf").warning("no answer from %s", "bob")
    event = json.loads(stream.getvalue())
    assert (event["event"], event["level"], event["logger"]) == ("no answer from bob", "warning", "zeroconf")
    assert "timestamp" in event


def test_an_exception_of_a_library_stays_on_one_line_of_json() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("asyncio").exception("task failed")
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["exception"][0]["exc_type"] == "ValueError"


def test_console_is_one_line_without_colours_when_no_person_looks() -> None:
    stream = io.StringIO()
    logs.configure("info", "console", stream)
    structlog.get_logger().info("peer up", peer="bob")
    (line,) = stream.getvalue().splitlines()
    assert "peer up" in line
    assert "peer=bob" in line
    assert "\x1b" not in line


def test_what_is_below_the_level_is_not_written() -> None:
    stream = io.StringIO()
    logs.configure("warning", "json", stream)
    structlog.get_logger().info("quiet")
    logging.getLogger("other").info("quiet")
    assert stream.getvalue() == ""


def test_a_talkative_library_is_heard_from_warnings_up_unless_all_is_asked_for() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    logging.getLogger("zeroconf").info("packet")
    assert stream.getvalue() == ""
    logs.configure("debug", "json", stream)
    logging.getLogger("zeroconf").debug("packet")
    assert json.loads(stream.getvalue())["event"] == "packet"


def test_the_last_call_holds_and_no_line_is_written_twice() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.configure("info", "json", first)
    logger = structlog.get_logger()
    logger.info("one")
    logs.configure("info", "json", second)
    logger.info("two")
    logging.getLogger("library").info("three")
    assert [json.loads(line)["event"] for line in first.getvalue().splitlines()] == ["one"]
    assert [json.loads(line)["event"] for line in second.getvalue().splitlines()] == ["two", "three"]


@pytest.mark.parametrize(("level", "form"), [("loud", "json"), ("info", "xml")])
def test_an_unknown_level_or_format_is_refused(level: str, form: str) -> None:
    with pytest.raises(ValueError, match=r"loud|xml"):
        logs.configure(level, form)


def test_importing_the_bus_leaves_the_logging_of_a_program_alone() -> None:
    program = (
        "import logging, structlog; import peerbus.actors, peerbus.transports, peerbus.discovery, peerbus.node;"
        "assert not logging.getLogger().handlers; assert not structlog.is_configured()"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


def test_an_exception_in_json_shows_no_local_variables() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    secret = "-----BEGIN " + "PRIVATE KEY-----"
    try:
        raise ValueError(f"broken {len(secret)}")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "PRIVATE" not in stream.getvalue()


def test_the_library_speaks_through_what_was_configured_and_says_its_name() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    get_logger("peerbus.actors").info("actor failed", actor="blocks")
    event = json.loads(stream.getvalue())
    assert (event["event"], event["logger"], event["actor"]) == ("actor failed", "peerbus.actors", "blocks")


@pytest.mark.parametrize("format", ["console", "json"])
def test_what_comes_from_outside_begins_no_line_of_its_own(format: str) -> None:  # noqa: A002 - the key's name
    forged = "no\n2026-01-01T00:00:00Z [info] all is well\x1b[2J"
    stream = io.StringIO()
    logs.configure("info", format, stream)
    try:
        raise ValueError(forged)
    except ValueError as error:
        logging.getLogger("asyncio").exception("task failed\n%s", forged)
        get_logger("peerbus.test").error("handler failed", exc_info=error, text=forged)
    text = stream.getvalue()
    assert text.count("all is well") >= 4
    assert "\x1b" not in text
    assert not any(line.startswith("2026-01-01") for line in text.splitlines())
