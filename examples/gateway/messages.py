"""What gateway and workers say to each other, and what the parts of the gateway say to each other."""

from __future__ import annotations

from typing import Literal

from peerbus.actors import Destination, Message, Request

# Between nodes.


class Progress(Message):
    """From a worker, while it counts."""

    job: str
    percent: int
    worker: str


class Count(Message, Request[int]):
    """How many primes are there below? Meanwhile `report_to` is told how far it is, wherever that is."""

    job: str
    below: int
    report_to: Destination[Progress]


# Inside the gateway.


class Job(Message):
    """A job as it is now. Published on the gateway's bus whenever it changes, whole: to miss one is to lose nothing."""

    id: str
    below: int
    state: Literal["waiting", "running", "done", "cancelled", "failed"] = "waiting"
    percent: int = 0
    worker: str = ""
    result: int | None = None
    text: str = ""


class Start(Message, Request[Job]):
    """Begin a job. Answered when a worker has taken it; a worker that has no room, or is not there, is the error."""

    below: int


class Cancel(Message, Request[bool]):
    """Answered with whether there was something to cancel."""

    id: str


class ListJobs(Message, Request[list[Job]]):
    """Answered with the jobs of late, the oldest first."""
