"""FastAPI in the same event loop: a request awaits an actor, and what the bus says becomes a status of HTTP.

The bus starts and stops with the application (its lifespan). An endpoint asks as it would await anything else. What
several requests change needs no lock, as its actor handles one message at a time; a mailbox that is full is a 503, an
answer that does not come in time a 504, and nothing waits without a bound.

    pip install "path/to/this/checkout[examples]"
    python fastapi_app.py [--port 8000]     # then: curl -X POST http://127.0.0.1:8000/pages/home
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from peerbus.actors import (
    LOCAL,
    Bus,
    Channel,
    DeadlineExceeded,
    MailboxFull,
    Message,
    Overflow,
    Reactor,
    RemoteError,
    handles,
)
from peerbus.actors import Request as Question


class Visit(Message, Question[int]):
    """Answered with how many there were."""

    page: str


class Report(Message, Question[dict[str, int]]):
    """Takes a while."""

    seconds: float


class Visits(Reactor):
    channel = Channel("visits", messages=(Visit, Report), mailbox=100, overflow=Overflow.REJECT, timeout=1)

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()

    @handles(Visit)
    def visit(self, visit: Visit) -> int:
        if not visit.page.isidentifier():
            raise RemoteError("bad_page", f"{visit.page!r} is not the name of a page")
        self.seen[visit.page] += 1
        return self.seen[visit.page]

    @handles(Report, reentrant=True)  # visits are counted meanwhile
    async def report(self, wanted: Report) -> dict[str, int]:
        await asyncio.sleep(wanted.seconds)
        return dict(self.seen)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    async with Bus("visits", reactors=[Visits]) as app.state.bus:
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/pages/{page}")
async def visited(page: str, request: Request) -> dict[str, int]:
    bus: Bus = request.app.state.bus
    return {"visits": await bus.ask(LOCAL / Visits, Visit(page))}


@app.get("/report")
async def report(request: Request, seconds: float = 0.0) -> dict[str, int]:
    bus: Bus = request.app.state.bus
    return await bus.ask(LOCAL / Visits, Report(seconds))


@app.exception_handler(RemoteError)
async def refused(_: Request, error: RemoteError) -> JSONResponse:
    return JSONResponse({"detail": error.text}, 400 if error.code == "bad_page" else 500)


@app.exception_handler(MailboxFull)
async def too_busy(_: Request, error: MailboxFull) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 503)


@app.exception_handler(DeadlineExceeded)
async def too_late(_: Request, error: DeadlineExceeded) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 504)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Counts visits of pages.")
    parser.add_argument("--port", type=int, default=8000, help="0: any that is free")
    uvicorn.run(app, host="127.0.0.1", port=parser.parse_args().port)
