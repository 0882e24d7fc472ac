"""A program on plain threads: the node has a thread of its own, and everybody else sends and waits by `.get()`."""

from concurrent.futures import ThreadPoolExecutor

from peerbus.actors import LOCAL, Channel, DeadlineExceeded, Message, Reactor, Request, handles
from peerbus.node import Node


class Withdraw(Message, Request[int]):
    """Answered with what is left; what is not there is not taken."""

    amount: int


class Account(Reactor):
    channel = Channel("account", messages=(Withdraw,))

    def __init__(self) -> None:
        super().__init__()
        self.balance = 100

    @handles(Withdraw)
    def withdraw(self, wanted: Withdraw) -> int:
        if wanted.amount <= self.balance:  # nobody comes in between: one message at a time
            self.balance -= wanted.amount
        return self.balance


def main() -> None:
    with Node("bank", reactors=[Account]) as node:

        def request(amount: int) -> int:
            return node.ask(LOCAL / Account, Withdraw(amount), timeout=2).get()

        with ThreadPoolExecutor(8) as threads:
            left = list(threads.map(request, [10] * 12))
        print("twelve threads saw:", sorted(left))

        many = [node.ask(LOCAL / Account, Withdraw(0)) for _ in range(100)]  # all of them at once
        print("a hundred at once:", {each.get() for each in many})

        try:
            node.ask(LOCAL / Account, Withdraw(0), timeout=0).get()
        except DeadlineExceeded as error:
            print("no time left:", error.phase)


if __name__ == "__main__":
    main()
