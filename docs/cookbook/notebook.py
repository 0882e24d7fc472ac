# %% A notebook has an event loop that runs already, so a cell may await.
from peerbus.actors import LOCAL, Channel, Message, Reactor, Request, handles
from peerbus.node import Node


class Add(Message, Request[int]):
    number: int


class Sum(Reactor):
    channel = Channel("sum", messages=(Add,))

    def __init__(self) -> None:
        super().__init__()
        self.sum = 0

    @handles(Add)
    def add(self, add: Add) -> int:
        self.sum += add.number
        return self.sum


# %% The node is started by hand, and lives until the last cell.
node = await Node("notebook", reactors=[Sum]).__aenter__()

# %% Any cell asks, as often as it is run.
for number in (1, 2, 3):
    print(await node.ask(LOCAL / Sum, Add(number)))

# %% What goes on in it.
print("messages to sum:", node.snapshot().ledger.local["sum"].delivered)

# %% The end. A node runs once: to go on, make a new one.
await node.aclose()
