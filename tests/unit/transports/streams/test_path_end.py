from __future__ import annotations

from typing import cast

from peerbus.transports.streams.path_end import PathEnd
from peerbus.transports.streams.path_size import TcpPath
from peerbus.transports.streams.transport import Narrowing, Provisional


async def test_a_stream_over_no_path_is_never_too_wide_and_cannot_be_made_narrower() -> None:
    end = PathEnd()
    assert isinstance(end, Narrowing)
    assert isinstance(end, Provisional)
    await end.apart()
    end.narrow()
    assert not end.looks_narrow()
    assert not end.too_wide()


def test_what_became_of_it_is_said_once() -> None:
    end, said = PathEnd(), list[str]()
    end.on_settled = said.append
    end.settle("full")
    end.settle()
    assert said == ["full"]


class Path:
    """In place of a `TcpPath`: it looked narrow, and nobody can look any more."""

    looked_narrow = True

    def looks_narrow(self) -> bool:
        raise AssertionError("its socket is closed")


def test_a_closed_stream_looks_as_it_did_at_the_last_look() -> None:
    end = PathEnd()
    end.path, end._closed = cast("TcpPath", Path()), True
    assert end.looks_narrow()
