"""The figures of one product between two processes: the same steps, whatever the product is."""

from __future__ import annotations

from collections.abc import Mapping

from .client import Client, ReadsStreams, TellsMany, one_way
from .messages import HUGE, LARGE, SMALL
from .products import PRODUCTS
from .run import Run
from .timing import Until, percentiles

__all__ = ["exchange", "figures", "large_asks", "one_way_only", "streamed"]


def figures(product: str, run: Run) -> Mapping[str, float]:
    """Start the receiver in a process of its own, connect, and measure."""
    with PRODUCTS[product].connected(run) as client:
        return exchange(client, run)


def exchange(client: Client, run: Run) -> dict[str, float]:
    """Round trip, 64 in flight, one-way with 100 bytes and with 64 KiB; each after a warm-up."""
    client.ask(SMALL, Until(run.warm_up))
    times = client.ask(SMALL, Until(run.seconds))
    found = {f"ask {name}": value for name, value in percentiles(times).items()}
    client.in_flight(SMALL, Until(run.warm_up))
    found["in flight"] = client.in_flight(SMALL, Until(run.seconds))
    return found | _one_way(client, run)


def large_asks(product: str, run: Run) -> Mapping[str, float]:
    """Round trips of 1 MiB."""
    with PRODUCTS[product].connected(run) as client:
        client.ask(HUGE, Until(run.warm_up))
        times = client.ask(HUGE, Until(run.seconds))
        return {f"ask 1 MiB {name}": value for name, value in percentiles(times).items()}


def streamed(product: str, run: Run) -> Mapping[str, float]:
    """Items of a stream that the receiver sends, and one-way beside them, between the same two processes."""
    with PRODUCTS[product].connected(run) as client:
        assert isinstance(client, ReadsStreams)
        found = {}
        for suffix, payload, scale in (("", SMALL, 1), (", large", LARGE, len(LARGE))):
            one_way(client, payload, run.warm_up)
            found[f"one-way{suffix}"] = one_way(client, payload, run.seconds) * scale
            client.read(payload, Until(run.warm_up))
            found[f"stream{suffix}"] = client.read(payload, Until(run.seconds)) * scale
        return found


def one_way_only(product: str, run: Run) -> Mapping[str, float]:
    """One-way alone."""
    with PRODUCTS[product].connected(run) as client:
        return _one_way(client, run)


def _one_way(client: Client, run: Run) -> dict[str, float]:
    one_way(client, SMALL, run.warm_up)
    found = {"one-way": one_way(client, SMALL, run.seconds)}
    if isinstance(client, TellsMany):
        many = client.by_many()
        one_way(many, SMALL, run.warm_up)
        found["one-way, tell_many"] = one_way(many, SMALL, run.seconds)
    one_way(client, LARGE, run.warm_up)
    found["large"] = one_way(client, LARGE, run.seconds) * len(LARGE)
    return found
