from peerbus.actors import LOCAL, Bus, Channel, Message, Reactor, Request, handles


class Add(Message):
    number: int


class Total(Message, Request[int]):
    pass


class Counter(Reactor):
    channel = Channel("counter", messages=(Add, Total))

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    @handles(Add)
    def add(self, add: Add) -> None:
        self.total += add.number

    @handles(Total)
    def how_many(self, _: Total) -> int:
        return self.total


with Bus(reactors=[Counter]) as bus:
    for number in (1, 2, 3):
        bus.tell(LOCAL / Counter, Add(number)).get()
    print("total:", bus.ask(LOCAL / Counter, Total(), timeout=1).get())
