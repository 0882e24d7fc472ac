"""Finding nodes on the local network: this node's record is advertised, those of others are read."""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakSet

from ...actors.base import get_logger, new_task
from ...transports.streams import Endpoint
from ..facts import Candidate
from ..records import LocalAddress, addresses_of, local_addresses
from .heard_from import MAX_TRACKED, HeardFrom, who_goes
from .other_networks import OtherNetworks
from .presence import ONLY_LOOKS, Presence, presence_of, spoken_on, where_to_listen
from .service_record import SERVICE_TYPE, Ignored, instance_name, read_record, text_of
from .sifter import sift
from .zeroconf_edge import import_zeroconf, not_running, raw_record, service_info, version_of

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

__all__ = ["Mdns", "MdnsStatistics"]

log = get_logger("peerbus.discovery")

#: An instance name is the beginning of a node id; nothing else is looked up.
NAME = re.compile(r"[0-9a-f]{20}\." + re.escape(SERVICE_TYPE))
#: Lookups in flight; a record mostly comes whole, so that lookups are rare.
MAX_LOOKUPS = 16
#: Seconds after a change at which it is said once more. What a hearer has heard within the last second no change
#: replaces (RFC 6762 §10.2), so that of two in a row the address of the first would live on for two minutes.
SAY_AGAIN = 1.2
#: Seconds until a record that has changed is read again, and then again: what it replaced lives a second longer, or
#: until the change was said again.
READ_AGAIN = (1.5, 2.0, 8.0)
#: How long one lookup may take, in milliseconds (zeroconf's unit).
LOOKUP_TIMEOUT = 3000


@dataclass(frozen=True, slots=True)
class MdnsStatistics:
    """Counts since the start: candidates found (or changed) and lost, records ignored by reason."""

    found: int
    lost: int
    ignored: Mapping[str, int]
    #: Names of other networks whose nodes were heard, at most MAX_OTHERS.
    networks: tuple[str, ...] = ()


class Mdns:
    """Multicast DNS service discovery (RFC 6762, RFC 6763) of the nodes of one network.

    `on_found` hears of another node and of each change of its record, `on_lost` that it said
    goodbye. A killed node says none: its record lives on for up to 75 minutes, so this is no failure
    detector. Both are called on the event loop and must not raise. `interfaces` are IP addresses or
    names, None: all. `endpoints` gives where others shall dial this node that hear it on these addresses of the
    machine; where it gives none, this only looks. `here` gives the machine's addresses; by default they are read
    each time. After each change call `follow`. Raises ValueError for a malformed id, network or role.

    Tasks: `mdns-lookup`, at most 16, each waits for the missing parts of one record and feeds
    `on_found`; `mdns-close` waits for the goodbye to be sent. zeroconf runs in the same loop.
    """

    def __init__(
        self,
        node_id: str,
        network: str,
        *,
        endpoints: Callable[[Sequence[LocalAddress]], Sequence[Endpoint]],
        roles: Iterable[str],
        on_found: Callable[[Candidate], None],
        on_lost: Callable[[str], None],
        interfaces: Sequence[str] | None = None,
        here: Callable[[], Sequence[LocalAddress]] = local_addresses,
        name: str | None = None,
    ) -> None:
        self._node_id = node_id
        #: What the node is called in lines of the log.
        self._node = node_id if name is None else name
        self._network = network
        self._endpoints = endpoints
        self._here = here
        self._name = instance_name(node_id)
        self._roles = tuple(roles)
        text_of(node_id, network, self._roles)  # raises what is to be raised
        self._on_found = on_found
        self._on_lost = on_lost
        self._interfaces = None if interfaces is None else tuple(interfaces)
        #: What is advertised; None: nothing. Where it speaks: addresses as zeroconf takes them.
        self._presence: Presence | None = None
        self._spoken: list[str] = []
        self._loopback = False
        self._started = False
        #: One line says that it is unavailable, and one that it is back.
        self._why = ""
        self._steps = asyncio.Lock()
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._announcing: set[asyncio.Future[object]] = set()
        self._repeat: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        #: Instances that are followed; None where the record nominates nobody.
        self._tracked: dict[str, Candidate | None] = {}
        self._lookups: dict[str, asyncio.Task[None]] = {}
        #: Instances that are read again soon.
        self._again: dict[str, asyncio.TimerHandle] = {}
        self._waiting: dict[str, None] = {}
        self._found = 0
        self._lost = 0
        self._ignored: Counter[str] = Counter()
        self.other_networks: OtherNetworks = OtherNetworks(self._node, network)
        self._heard = HeardFrom()
        self._sifted: WeakSet[asyncio.DatagramTransport] = WeakSet()

    @property
    def running(self) -> bool:
        """Whether it speaks and hears now."""
        return self._zeroconf is not None and not self._why

    async def start(self) -> bool:
        """Advertise and browse; a few milliseconds, plus 0.2 s off the loop for the first import.

        False where this machine cannot multicast now: one warning says so, everything else works, and `follow` tries
        again. Raises ConfigError for what can be neither an interface's name nor an address.
        """
        if self._started or self._closing is not None:
            raise RuntimeError("an Mdns is started once")
        self._started = True
        if "zeroconf.asyncio" not in sys.modules:
            # A thread of its own: the loop goes on, and no idle pool thread is left behind.
            with ThreadPoolExecutor(1, thread_name_prefix="mdns-import") as pool:
                await asyncio.get_running_loop().run_in_executor(pool, import_zeroconf)
        try:
            await self.follow()
        except BaseException:
            await self.aclose()
            raise
        return self.running

    async def follow(self) -> None:
        """See where this machine is now: speak there, and advertise what can be reached from there.

        Also tries again what was not possible before.
        """
        async with self._steps:
            if not self._started or self._closing is not None:
                return
            try:
                await self._follow()
            except (OSError, RuntimeError, not_running()) as error:
                if self._closing is None:  # else its sockets were closed under it
                    await self._unavailable(error)
                return
            if self._why and self._closing is None:
                self._why = ""
                log.info("mdns available", node=self._node, interfaces=self._spoken)

    async def update(self, roles: Iterable[str]) -> None:
        """Offer these roles from now on; browsers hear of it within milliseconds. Raises ValueError."""
        roles = tuple(roles)
        text_of(self._node_id, self._network, roles)
        self._roles = roles
        async with self._steps:
            if self._zeroconf is not None and self._closing is None and self._presence is not None:
                await self._advertise(self._presence.offering(self._node_id, self._network, roles))

    async def aclose(self) -> None:
        """Say goodbye (0.25 s) and leave no task and no socket; idempotent, safe after cancel."""
        if self._closing is None:
            self._closing = new_task(self._close(), loop=asyncio.get_running_loop(), name="mdns-close")
            self._closing.add_done_callback(self._cut_off)
        await asyncio.wait([self._closing])
        if not self._closing.cancelled():
            self._closing.result()

    def statistics(self) -> MdnsStatistics:
        """What was found, lost and ignored so far."""
        ignored = {**self._ignored, **self._heard.dropped}
        return MdnsStatistics(self._found, self._lost, ignored, self.other_networks.names)

    # -- advertising

    async def _follow(self) -> None:
        chosen = addresses_of(self._interfaces, self._here())
        # Loopback too where no interface is named: nodes may be there.
        spoken = spoken_on(self._here() if self._interfaces is None else chosen)
        if not spoken:
            raise OSError("no interface with an address that can multicast")
        self._loopback = any(address.ip.is_loopback for address in chosen)
        if self._zeroconf is None:
            await self._open(spoken)
        presence = presence_of(self._node_id, self._network, self._roles, self._endpoints(chosen), chosen)
        if presence is None and self._presence is None and not self._spoken:
            log.info(ONLY_LOOKS, node=self._node, hint=where_to_listen(chosen))
        await self._advertise(presence)
        if self._zeroconf is not None and spoken != self._spoken:
            if self._spoken:
                await self._zeroconf.zeroconf.async_update_interfaces(list(spoken), version_of(spoken))
                sift(self._zeroconf.zeroconf, self._heard, self._sifted)
                log.info("mdns follows the interfaces", node=self._node, addresses=spoken)
            self._spoken = spoken

    async def _open(self, spoken: list[str]) -> None:
        from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

        self._zeroconf = AsyncZeroconf(interfaces=list(spoken), ip_version=version_of(spoken))
        await self._zeroconf.zeroconf.async_wait_for_start()
        sift(self._zeroconf.zeroconf, self._heard, self._sifted)
        self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, SERVICE_TYPE, handlers=[self._changed])

    async def _advertise(self, presence: Presence | None) -> None:
        before, zeroconf = self._presence, self._zeroconf
        if presence == before or zeroconf is None:
            return
        for repeats in self._announcing:
            repeats.cancel()  # they would say again what was so before
        if self._repeat is not None:
            self._repeat.cancel()
        self._presence = presence
        if presence is None:
            assert before is not None
            self._announced(await zeroconf.async_unregister_service(service_info(self._name, before)))
        elif before is None:
            # Without probing (0.5 s instead of 1.7 s): the name holds the node id, so it is unique.
            info = service_info(self._name, presence)
            self._announced(await zeroconf.async_register_service(info, cooperating_responders=True))
        else:
            self._announced(await zeroconf.async_update_service(service_info(self._name, presence)))
            self._repeat = asyncio.get_running_loop().call_later(SAY_AGAIN, self._say_again)

    def _say_again(self) -> None:
        if self._presence is not None and self._zeroconf is not None and self._closing is None:
            self._announced(self._say(self._zeroconf, self._presence))

    async def _say(self, zeroconf: AsyncZeroconf, presence: Presence) -> None:
        await (await zeroconf.async_update_service(service_info(self._name, presence)))

    async def _unavailable(self, error: Exception) -> None:
        why = getattr(error, "strerror", None) or str(error) or repr(error)
        if why != self._why:
            log.warning(
                "mdns unavailable",
                node=self._node,
                interfaces="all" if self._interfaces is None else list(self._interfaces),
                error=why,
                still_works="configured peers, and peers that connect to this node",
                hint="it is tried again when the addresses of this machine change",
            )
        self._why = why
        # With no interface left there is nobody to say goodbye to.
        zeroconf, browser = self._zeroconf, self._browser
        self._zeroconf = self._browser = self._presence = None
        self._spoken = []
        for repeats in self._announcing:
            repeats.cancel()
        if browser is not None:
            await browser.async_cancel()
        if zeroconf is not None:
            zeroconf.zeroconf.registry.async_remove(zeroconf.zeroconf.registry.async_get_service_infos())
            await zeroconf.async_close()

    def _announced(self, repeats: Awaitable[object]) -> None:
        """The record is out, and zeroconf repeats it for 0.45 s."""
        future = asyncio.ensure_future(repeats)
        self._announcing.add(future)
        future.add_done_callback(self._announcing.discard)

    async def _close(self) -> None:
        self._waiting.clear()
        if ours := self._end_tasks():
            await asyncio.wait(ours)
        if self._zeroconf is None:
            return
        if self._browser is not None:
            await self._browser.async_cancel()
        await self._zeroconf.async_close()

    def _cut_off(self, closing: asyncio.Task[None]) -> None:
        # Cancelled, perhaps before its first step, as the loop is ending: no goodbye, but no socket left.
        if not closing.cancelled():
            return
        self._end_tasks()
        if self._zeroconf is not None:
            self._zeroconf.zeroconf.close()

    def _end_tasks(self) -> list[asyncio.Future[object] | asyncio.Task[None]]:
        ours: list[asyncio.Future[object] | asyncio.Task[None]] = [*self._announcing, *self._lookups.values()]
        for each in ours:
            each.cancel()
        for timer in (*self._again.values(), *([self._repeat] if self._repeat else [])):
            timer.cancel()
        self._again.clear()
        return ours

    # -- browsing

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if self._closing is not None:
            return
        if not NAME.fullmatch(name.lower()) or name.lower() == self._name:
            self._ignored["self" if name.lower() == self._name else "name"] += 1
            return
        if state_change.name == "Removed":
            self._forget(name)
            self._tracked.pop(name, None)
            self._heard.forget(name)
            return
        if name not in self._tracked and not self._track(name):
            self._ignored["too_many"] += 1
            return
        if self._tracked[name] is not None:
            self._read_later(name, 0)
        if self._cached(name, zeroconf):
            return
        if name not in self._lookups:
            self._waiting[name] = None
            self._look_up_next()

    def _cached(self, name: str, zeroconf: Zeroconf) -> bool:
        """Read what has been heard of it; False where that is not all."""
        from zeroconf.asyncio import AsyncServiceInfo

        info = AsyncServiceInfo(SERVICE_TYPE, name)
        whole = info.load_from_cache(zeroconf)
        if whole:
            self._resolved(name, info)
        return whole

    def _read_later(self, name: str, time: int) -> None:
        if name in self._again:
            self._again[name].cancel()
        self._again[name] = asyncio.get_running_loop().call_later(READ_AGAIN[time], self._read_again, name, time)

    def _read_again(self, name: str, time: int) -> None:
        del self._again[name]
        if time + 1 < len(READ_AGAIN):
            self._read_later(name, time + 1)
        if self._closing is None and self._zeroconf is not None and name in self._tracked:
            self._cached(name, self._zeroconf.zeroconf)

    def _track(self, name: str) -> bool:
        if len(self._tracked) >= MAX_TRACKED:
            goes = who_goes(self._tracked, name, self._heard)
            if goes is None:
                return False
            self._forget(goes)
            del self._tracked[goes]
        self._tracked[name] = None
        return True

    def _look_up_next(self) -> None:
        while self._waiting and len(self._lookups) < MAX_LOOKUPS and self._closing is None:
            del self._waiting[name := next(iter(self._waiting))]
            loop = asyncio.get_running_loop()
            self._lookups[name] = new_task(self._look_up(name), loop=loop, name="mdns-lookup")

    async def _look_up(self, name: str) -> None:
        from zeroconf.asyncio import AsyncServiceInfo

        try:
            if self._zeroconf is not None and name in self._tracked:
                info = AsyncServiceInfo(SERVICE_TYPE, name)
                if await info.async_request(self._zeroconf.zeroconf, LOOKUP_TIMEOUT):
                    self._resolved(name, info)
                else:
                    self._ignored["unresolved"] += 1
        finally:
            self._lookups.pop(name, None)
            self._look_up_next()

    def _resolved(self, name: str, info: AsyncServiceInfo) -> None:
        if name not in self._tracked:
            return
        raw = raw_record(name, info, self._heard.of(name))
        read = read_record(raw, self_id=self._node_id, network=self._network, loopback=self._loopback)
        if isinstance(read, Ignored):
            self._ignored[read.reason] += 1
            if read.reason == "network":
                self.other_networks.heard(read.network)
            self._forget(name)
        elif self._tracked[name] != read:
            self._tracked[name] = read
            self._found += 1
            self._on_found(read)

    def _forget(self, name: str) -> None:
        self._waiting.pop(name, None)
        if (known := self._tracked.get(name)) is not None:
            self._tracked[name] = None
            self._lost += 1
            self._on_lost(known.node_id or "")
