from dataclasses import dataclass
from typing import Any

import pykka


@dataclass(frozen=True)
class Add:
    number: int


@dataclass(frozen=True)
class Total:
    pass


class Counter(pykka.ThreadingActor):
    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def on_receive(self, message: Any) -> Any:
        match message:
            case Add(number):
                self.total += number
                return None
            case Total():
                return self.total


counter = Counter.start()
for number in (1, 2, 3):
    counter.tell(Add(number))
print("total:", counter.ask(Total(), timeout=1))
counter.stop()
