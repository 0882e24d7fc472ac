"""Plain threads, and no `async` in sight: a WSGI application whose requests, each on a thread, share an actor.

`with Bus() as bus:` runs the event loop on a thread of its own. Every other thread sends with the same `tell` and `ask`
and waits in `.get()`, which never waits for longer than the send's deadline. What blocks goes to an actor with
`dispatcher = "thread"`, which blocks nobody but those that wait for it.

    python plain_threads.py            # a server, twelve requests on threads, and the end
    python plain_threads.py --serve    # until Ctrl-C
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from urllib.request import urlopen
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from peerbus.actors import LOCAL, Bus, Channel, Message, Reactor, Request, SendError, handles

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Withdraw(Message, Request[int]):
    """Answered with what is left; what is not there is not taken."""

    amount: int


class Printed(Message):
    text: str


class Account(Reactor):
    """Two requests never see the same balance: an actor handles one message at a time. So nothing is locked."""

    channel = Channel("account", messages=(Withdraw,))

    def __init__(self) -> None:
        super().__init__()
        self.balance = 100

    @handles(Withdraw)
    def withdraw(self, wanted: Withdraw) -> int:
        if wanted.amount <= self.balance:
            self.balance -= wanted.amount
            self.tell(LOCAL / Printer, Printed(f"{wanted.amount} taken, {self.balance} left"))
        return self.balance


class Printer(Reactor):
    """Blocks, so it has a thread of its own."""

    channel = Channel("printer", messages=(Printed,))
    dispatcher = "thread"

    @handles(Printed)
    def write(self, line: Printed) -> None:
        time.sleep(0.001)
        print(line.text)


def application(bus: Bus) -> WSGIApplication:
    def answer(_: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        status, text = "200 OK", ""
        try:
            text = f"{bus.ask(LOCAL / Account, Withdraw(10), timeout=2).get()} left"
        except SendError as error:
            status, text = "503 Service Unavailable", str(error)
        start(status, [("Content-Type", "text/plain")])
        return [f"{text}\n".encode()]

    return answer


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = False


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as its base calls it
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description="A WSGI application whose requests share an actor.")
    parser.add_argument("--serve", action="store_true", help="serve until Ctrl-C")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    options = parser.parse_args()
    with (
        Bus("bank", reactors=[Printer, Account]) as bus,
        make_server("127.0.0.1", options.port, application(bus), Server, Quiet) as server,
    ):
        url = f"http://127.0.0.1:{server.server_port}/"
        if options.serve:
            print(f"serving {url}", flush=True)
            server.serve_forever()
        threading.Thread(target=server.serve_forever).start()
        with ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(urlopen, url) for _ in range(12)]
        left = [int(answer.result().read().split()[0]) for answer in answers]
        server.shutdown()
    print("the requests saw:", sorted(left))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
