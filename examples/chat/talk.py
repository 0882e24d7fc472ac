"""The reactor: says what is typed here, and shows what others say."""

from __future__ import annotations

from peerbus.actors import Address, Channel, NoRoute, Peer, Rate, Reactor, Role, SendError, handles
from peerbus.discovery import PeerDown, PeerRolesChanged, PeerUp

from .messages import AreYouThere, Hello, Line, LookAround, Say, SayTo, Shown, Whisper
from .people import People

#: Seconds until somebody who does not answer is not there.
PATIENCE = 1.0
#: What a peer is told down for, where it went by itself; anything else is a loss.
IN_ORDER = ("peer_shutting_down",)
#: Rooms are roles, and have this before their names, as a node may offer others besides.
ROOM = "room."


class Talk(Reactor):
    """Whoever is in a room offers its role, so a room is an address: `Role("room.lobby", "all") / Talk`."""

    # Of one peer twenty lines at once, and two a second in the long run; what is more waits at its sender.
    channel = Channel(
        "talk",
        messages=(Hello, Line, Whisper, AreYouThere),
        idempotent=(AreYouThere,),
        rate=Rate(messages=2, messages_burst=20),
        max_message=8192,
    )

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._people = People()

    def on_start(self) -> None:
        self.bus.subscribe_actor(self.actor_ref, PeerUp, PeerDown, PeerRolesChanged, Say, SayTo, LookAround)

    # Who comes and goes.

    @handles(PeerUp)
    async def up(self, event: PeerUp) -> None:
        await self.tell(Peer(event.node_id) / Talk, Hello(self._name))

    @handles(Hello)
    def hello(self, hello: Hello, sender: Address[object] | None) -> None:
        if (peer := _peer(sender)) is not None and self._people.add(peer, hello.name):
            self._note(f"{self._people.label(peer)} is here")

    @handles(PeerRolesChanged)
    def rooms_changed(self, event: PeerRolesChanged) -> None:
        rooms = [offer.removeprefix(ROOM) for offer in event.offers if offer.startswith(ROOM)]
        if event.node_id != self.bus.node_id:
            self._note(f"{self._people.label(event.node_id)} is in {', '.join(rooms) or 'no room'}")

    @handles(PeerDown)
    def down(self, event: PeerDown) -> None:
        if (label := self._people.remove(event.node_id)) is not None:
            self._note(f"{label} has left" if event.reason in IN_ORDER else f"{label} is lost ({event.reason})")

    # What others say.

    @handles(Line)
    def line(self, line: Line, sender: Address[object] | None) -> None:
        peer = _peer(sender)
        who = self._name if peer is None else self._people.label(peer)
        self.bus.publish(Shown(f"[{line.room}] {who}: {line.text}"))

    @handles(Whisper)
    def whisper(self, whisper: Whisper, sender: Address[object] | None) -> None:
        if (peer := _peer(sender)) is not None:
            self.bus.publish(Shown(f"{self._people.label(peer)} whispers: {whisper.text}"))

    @handles(AreYouThere)
    def am_here(self, _: AreYouThere) -> str:
        return self._name

    # What is typed here. Reentrant: whom it waits for delays nobody else's line.

    @handles(Say, reentrant=True)
    async def say(self, say: Say) -> None:
        try:
            results = await self.tell(Role(ROOM + say.room, "all") / Talk, Line(say.room, say.text), timeout=PATIENCE)
        except (SendError, ValueError) as error:
            self._note(f"not said: {error}")
            return
        for peer, why in results.errors.items():
            self._note(f"{self._people.label(peer)} did not get that: {why}")
        if set(results) == {"local"}:
            self._note(f"nobody else is in {say.room}")

    @handles(SayTo, reentrant=True)
    async def say_to(self, say: SayTo) -> None:
        peers = self._people.find(say.name)
        if len(peers) != 1:
            labels = ", ".join(map(self._people.label, peers))
            self._note(f"which one? {labels}" if peers else f"there is no {say.name} here")
            return
        try:
            await self.tell(Peer(peers[0]) / Talk, Whisper(say.text), timeout=PATIENCE)
        except (SendError, ValueError) as error:
            self._note(f"not said: {error}")
        else:
            self.bus.publish(Shown(f"to {self._people.label(peers[0])}: {say.text}"))

    @handles(LookAround, reentrant=True)
    async def look_around(self, look: LookAround) -> None:
        """Ask everybody in the room. Each has an outcome of its own, so one who is silent hides nobody."""
        try:
            results = await self.ask(Role(ROOM + look.room, "all") / Talk, AreYouThere(), timeout=PATIENCE)
        except NoRoute:
            self._note(f"nobody is in {look.room}")
            return
        here = sorted("you" if peer == "local" else self._people.label(peer) for peer in results.answers)
        silent = sorted(f"{self._people.label(peer)} (does not answer)" for peer in results.errors)
        self._note(f"in {look.room}: {', '.join([*here, *silent])}")

    def _note(self, text: str) -> None:
        self.bus.publish(Shown(text, note=True))


def _peer(sender: Address[object] | None) -> str | None:
    """The node id of whoever sent it, which the connection has proven; None for this node."""
    return sender.where.id if sender is not None and isinstance(sender.where, Peer) else None
