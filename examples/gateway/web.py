"""HTTP in front of the desk: what the bus says becomes a status, and what happens a stream of events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from peerbus.actors import LOCAL, DeadlineExceeded, MailboxFull, PeerbusError, RemoteError, ShuttingDown
from peerbus.discovery import PeerDown, PeerRolesChanged, PeerUp
from peerbus.node import Node

from .desk import Desk
from .messages import Cancel, Job, ListJobs, Start
from .worker import ROLE, Worker

#: The largest job that the web may ask for.
MOST = 200_000_000
#: Seconds after which a stream without news says that it is still there, so that proxies keep it.
STILL_THERE = 15.0
#: The page loads what stands beside it, and nothing else.
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"
#: Who shall try again, and when: seconds.
LATER = {"Retry-After": "2"}


class Wanted(BaseModel):
    """What a browser asks for."""

    below: int = Field(ge=10, le=MOST)


def application(node: Node) -> FastAPI:
    """The application; the node starts and ends with it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        app.state.ending = asyncio.Event()
        async with node:
            yield

    app = FastAPI(title="gateway", lifespan=lifespan)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "test"])

    @app.post("/jobs", status_code=202)
    async def start(wanted: Wanted) -> dict[str, object]:
        return as_json(await node.ask(LOCAL / Desk, Start(wanted.below), timeout=5))

    @app.get("/jobs")
    async def jobs() -> list[dict[str, object]]:
        return [as_json(job) for job in await node.ask(LOCAL / Desk, ListJobs(), timeout=5)]

    @app.delete("/jobs/{job}")
    async def cancel(job: str) -> Response:
        there = await node.ask(LOCAL / Desk, Cancel(job), timeout=5)
        return Response(status_code=204 if there else 404)

    @app.get("/events")
    async def events() -> StreamingResponse:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(happening(node, app.state.ending), media_type="text/event-stream", headers=headers)

    @app.exception_handler(PeerbusError)
    async def not_done(_: Request, error: PeerbusError) -> JSONResponse:
        """Whoever has no room, or is not there, is a 503, and to be tried again; a late answer is a 504."""
        match error:
            case RemoteError(code="busy" | "no_worker", text=text):
                return JSONResponse({"detail": text}, 503, LATER)
            case MailboxFull() | ShuttingDown():
                return JSONResponse({"detail": str(error)}, 503, LATER)
            case DeadlineExceeded():
                return JSONResponse({"detail": str(error)}, 504)
            case _:
                return JSONResponse({"detail": str(error)}, 502)

    @app.middleware("http")
    async def closed_page(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    app.mount("/", StaticFiles(directory=Path(__file__).parent / "page", html=True))
    return app


async def happening(node: Node, ending: asyncio.Event) -> AsyncIterator[str]:
    """All jobs as they are, and then what changes. A browser that reads too slowly loses the oldest changes."""
    with node.subscribe(Job, PeerUp, PeerDown, PeerRolesChanged) as news:
        for job in await node.ask(LOCAL / Desk, ListJobs()):
            yield told("job", as_json(job))
        yield told("workers", workers(node))
        while True:
            coming = asyncio.ensure_future(news.get())
            over = asyncio.ensure_future(ending.wait())
            try:
                done, _ = await asyncio.wait({coming, over}, timeout=STILL_THERE, return_when="FIRST_COMPLETED")
            finally:
                coming.cancel()
                over.cancel()
            if over in done:
                return
            if coming not in done:
                yield ": still here\n\n"
                continue
            try:
                event = coming.result()
            except PeerbusError:  # the bus has stopped
                return
            yield told("job", as_json(event)) if isinstance(event, Job) else told("workers", workers(node))


def told(kind: str, data: object) -> str:
    """An event as browsers read it (HTML, section 9.2)."""
    return f"event: {kind}\ndata: {msgspec.json.encode(data).decode()}\n\n"


def as_json(job: Job) -> dict[str, object]:
    return {name: getattr(job, name) for name in job.__struct_fields__}


def workers(node: Node) -> int:
    return len(node.bus.routes.offering(ROLE, Worker.channel.name))
