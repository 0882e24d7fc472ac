"""The gateway: its reactors alone, workers that crash on a simulated network, HTTP over it, and real processes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from peerbus.actors import LOCAL, Pool, RemoteError
from peerbus.node import Node
from peerbus.testing import FaultyNetwork, Nodes, Probes, Simulation, Told

from .desk import Desk, Reports
from .messages import Cancel, Count, Job, ListJobs, Progress, Start
from .worker import PIECES, ROLE, Worker, primes

if TYPE_CHECKING:
    import httpx

#: The folder in which `python -m gateway` finds it.
HOME = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(("first", "last", "there"), [(0, 2, 0), (0, 3, 1), (0, 100, 25), (90, 100, 1), (24, 29, 0)])
def test_primes_are_counted(first: int, last: int, there: int) -> None:
    assert primes(first, last) == there


async def test_a_worker_reports_each_piece_where_it_was_told_to(probe: Probes) -> None:
    worker = await probe.alone(Worker, channels=[Reports.channel])
    assert await worker.ask(Count("j", 1000, LOCAL / Reports)) == 168
    told = [each.message for each in worker.sent if isinstance(each, Told)]
    assert told == [Progress("j", piece * 100 // PIECES, "alone") for piece in range(PIECES)]


async def test_a_job_is_one_when_a_worker_has_it_and_is_cancelled_once(probe: Probes) -> None:
    desk = await probe.alone(Desk, channels=[Worker.channel])
    started = desk.ask(Start(1000))
    await desk.settle()
    assert await desk.ask(ListJobs()) == [], "it may still be refused"
    (asked,) = desk.open_asks
    assert isinstance(asked.message, Count)
    for job_id in (asked.message.job, "another"):
        desk.bus.publish(Progress(job_id, 40, "ada"))
        await desk.settle()
    (job,) = await desk.ask(ListJobs())
    assert (job.state, job.percent, job.worker) == ("running", 40, "ada")
    assert await desk.ask(Cancel(job.id)) is True
    await desk.settle()
    assert await desk.ask(Cancel(job.id)) is False
    assert (await started).state == "cancelled"


async def gateway_and_workers(sim: Simulation, workers: int) -> Node:
    gateway = await sim.node("gateway", reactors=[Reports, Desk])
    for number in range(workers):
        pool = Pool(partial(Worker, 0.2), members=2, prefetch=0)
        await sim.node(f"worker-{number}", offers=[ROLE], reactors=[pool], channels=[Reports.channel])
    await sim.until(lambda: len(gateway.bus.routes.offering(ROLE, "worker")) == workers, within=30)
    return gateway


@pytest.mark.seeds(3)
async def test_a_job_goes_on_elsewhere_when_its_worker_crashes(sim: Simulation, network: FaultyNetwork) -> None:
    network.shape(latency=0.02)
    gateway = await gateway_and_workers(sim, 2)
    with gateway.subscribe(Job) as changes:
        await gateway.ask(LOCAL / Desk, Start(10_000))
        while (job := await changes.get()).percent < 20:
            pass
        sim.crash(job.worker)
        first = job.worker
        while (job := await changes.get()).state == "running":
            pass
    assert (job.state, job.result) == ("done", 1229)
    assert job.worker != first


async def test_without_a_worker_a_job_is_no_job(sim: Simulation) -> None:
    gateway = await gateway_and_workers(sim, 0)
    with pytest.raises(RemoteError, match="no_worker"):
        await gateway.ask(LOCAL / Desk, Start(1000))
    assert await gateway.ask(LOCAL / Desk, ListJobs()) == []


@asynccontextmanager
async def browser(gateway: Node) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the application, without a socket. Skips where FastAPI or httpx are not installed."""
    pytest.importorskip("fastapi")
    httpx = pytest.importorskip("httpx")
    from .web import application

    app = application(gateway)
    app.router.lifespan_context = _no_lifespan  # the test's node runs already
    app.state.ending = asyncio.Event()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        yield client


@asynccontextmanager
async def _no_lifespan(_: object) -> AsyncGenerator[None]:
    yield


async def test_who_floods_is_told_503_and_who_waits_gets_an_answer(node: Nodes) -> None:
    gateway = await node("gateway", reactors=[Reports, Desk])
    async with browser(gateway) as client:
        nobody = await client.post("/jobs", json={"below": 1000})
        assert (nobody.status_code, nobody.json()) == (503, {"detail": "no worker is there"})
        assert nobody.headers["Retry-After"] == "2"
        pool = Pool(partial(Worker, 3600.0), members=1, prefetch=0)
        await node("ada", offers=[ROLE], reactors=[pool], channels=[Reports.channel])
        flood = await asyncio.gather(*(client.post("/jobs", json={"below": 1000}) for _ in range(6)))
        assert sorted(answer.status_code for answer in flood) == [202, 202, 503, 503, 503, 503]
        assert {answer.json()["detail"] for answer in flood if answer.status_code == 503} == {"all workers are busy"}
        taken = [answer.json()["id"] for answer in flood if answer.status_code == 202]
        cancelled = [await client.delete(f"/jobs/{job}") for job in (*taken, "none")]
        assert [answer.status_code for answer in cancelled] == [204, 204, 404]
        for wrong in ({"below": 1}, {"below": 10**12}, {"below": "many"}, {}):
            assert (await client.post("/jobs", json=wrong)).status_code == 422
        assert (await client.get("/jobs", headers={"Host": "evil.example"})).status_code == 400
        page = await client.get("/")
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        states = {job["id"]: job["state"] for job in (await client.get("/jobs")).json()}
        assert states == dict.fromkeys(taken, "cancelled")


def test_a_job_over_http_runs_in_another_process_and_events_tell_of_it() -> None:
    pytest.importorskip("uvicorn")
    pytest.importorskip("fastapi")
    there = ["--here", "--network", f"gateway-{os.getpid()}"]
    with ExitStack() as running:

        def start(*words: str) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", "gateway", *words, *there]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=HOME)
            running.enter_context(process)
            running.callback(process.kill)
            return process

        web, _ = start("web", "--port", "0"), start("worker", "ada")
        assert web.stdout is not None
        found = re.match(r"open (http://127\.0\.0\.1:\d+)", web.stdout.readline())
        assert found is not None
        events = running.enter_context(urllib.request.urlopen(f"{found[1]}/events", timeout=30))  # noqa: S310  # http
        while events.readline() != b"data: 1\n":  # a worker is there
            pass
        body = json.dumps({"below": 1_000_000}).encode()
        request = urllib.request.Request(  # noqa: S310  # http
            f"{found[1]}/jobs", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # http
            assert answer.status == 202
        seen: list[dict[str, object]] = []
        while True:
            line = events.readline()
            if line.startswith(b'data: {"id"'):
                seen.append(json.loads(line.removeprefix(b"data: ")))
                if seen[-1]["state"] == "done":
                    break
        assert (seen[-1]["result"], seen[-1]["worker"]) == (78_498, "ada")
        assert len({job["percent"] for job in seen}) > 5, "it was told how far it was"
        web.send_signal(signal.SIGINT)  # with a stream open
        rest = web.communicate(timeout=20)
        assert rest == ("", "")
        assert web.returncode in (0, 130)
