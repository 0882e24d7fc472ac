"""Two limits: how much a peer may send here, and how often we call a service that allows a few calls a second."""

import asyncio
import time

from peerbus.actors import LOCAL, Channel, Message, Rate, Reactor, Request, Role, handles
from peerbus.node import Node


class Call(Message, Request[int]):
    """Answered with how many calls there were."""


class Report(Message):
    text: str


class Reports(Reactor):
    # Of each peer 10 at once, and 200 a second in the long run; what is more waits at its sender.
    channel = Channel("reports", messages=(Report,), rate=Rate(messages=200, messages_burst=10))

    @handles(Report)
    def take(self, report: Report) -> None: ...


class Tick(Message):
    pass


class Service(Reactor):
    """Calls somebody who allows 5 calls in 20 ms. Callers wait in its mailbox, which is bounded as any other."""

    channel = Channel("service", messages=(Call,), mailbox=1000, timeout=10)
    AT_ONCE, EVERY = 5, 0.02

    def on_start(self) -> None:
        self.left, self.calls = self.AT_ONCE, 0
        self.every(self.EVERY, Tick())

    @handles(Call)
    def call(self, _: Call) -> int:
        if self.left == 0:
            self.put_aside()
            return 0
        self.left -= 1
        self.calls += 1  # here the call would be made
        return self.calls

    @handles(Tick)
    def refill(self, _: Tick) -> None:
        self.left = self.AT_ONCE
        self.take_up()


async def main() -> None:
    async with Node("alice", listen=["tcp://127.0.0.1:0"], offers={"reports"}, reactors=[Reports, Service]) as alice:
        async with Node("bob", peers=alice.endpoints, channels=[Reports.channel]) as bob:
            await bob.wait_for_peers(role="reports")
            began = time.monotonic()
            accepted = await bob.tell_many(Role("reports") / Reports, [Report("all is well")] * 30, timeout=5)
            print(f"{accepted} reports, in more than 0.08 s: {time.monotonic() - began > 0.08}")

        began = time.monotonic()
        answers = await asyncio.gather(*(alice.ask(LOCAL / Service, Call()) for _ in range(20)))
        print(f"{max(answers)} calls, in more than 0.03 s: {time.monotonic() - began > 0.03}")


if __name__ == "__main__":
    asyncio.run(main())
