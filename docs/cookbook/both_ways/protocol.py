"""What the two say to each other: messages and channels, and no reactor. Everybody imports this; it imports nobody."""

from peerbus.actors import Channel, Message, Request


class Place(Message, Request[str]):
    order: int


class Paid(Message):
    order: int


class Charge(Message):
    order: int


ORDERS = Channel("orders", messages=(Place, Paid))
BILLING = Channel("billing", messages=(Charge,))
