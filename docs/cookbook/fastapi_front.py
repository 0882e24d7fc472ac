"""FastAPI in front of a cluster: the node lives in the application's own event loop.

uvicorn fastapi_front:app           # then: curl http://127.0.0.1:8000/prices/bolt
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from prices import GetPrice, Prices

from peerbus.actors import DeadlineExceeded, MailboxFull, NoRoute, RemoteError, Role, SendError
from peerbus.node import Node


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    async with Node("web", network="shop", peers=["tcp://127.0.0.1:7400"], channels=[Prices.channel]) as app.state.node:
        yield


app = FastAPI(lifespan=lifespan)
STATUS: dict[type[SendError], int] = {NoRoute: 503, MailboxFull: 503, DeadlineExceeded: 504}


@app.get("/prices/{item}")
async def price(item: str, request: Request) -> dict[str, int]:
    node: Node = request.app.state.node
    return {"cents": await node.ask(Role("prices") / Prices, GetPrice(item), timeout=1)}


@app.exception_handler(RemoteError)
async def refused(_: Request, error: RemoteError) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 404 if error.code == "unknown_item" else 500)


@app.exception_handler(SendError)
async def not_sent(_: Request, error: SendError) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, STATUS.get(type(error), 502))
