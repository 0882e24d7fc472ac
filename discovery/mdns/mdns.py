"""Finding nodes on the local network: this node's record is advertised, those of others are read."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import sys
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...actors.base import get_logger, new_task
from ...transports.wire import printable
from ..facts import Candidate
from ..peer import MAX_ADDRESSES
from ..records import addresses_of
from .service_record import MAX_NETWORK, SERVICE_TYPE, Ignored, RawRecord, instance_name, read_record, text_of

if TYPE_CHECKING:
    from zeroconf import ServiceInfo, ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

__all__ = ["Mdns", "MdnsStatistics"]

log = get_logger("peerbus.discovery")

#: An instance name is the beginning of a node id; nothing else is looked up.
NAME = re.compile(r"[0-9a-f]{20}\." + re.escape(SERVICE_TYPE))
#: Service instances that are followed; one network with more nodes needs PEX, and a flood stops here.
MAX_TRACKED = 1024
#: Lookups in flight; a record mostly comes whole, so that lookups are rare.
MAX_LOOKUPS = 16
#: Other networks that are named; a program that speaks mDNS can make up any number of them.
MAX_OTHERS = 16
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
    names, None: all; `advertise` overrides the addresses that others shall dial (default: those of
    the interfaces), and a `port` of None advertises nothing: it only looks. Raises ValueError for a malformed id,
    network, port or role.

    Tasks: `mdns-lookup`, at most 16, each waits for the missing parts of one record and feeds
    `on_found`; `mdns-close` waits for the goodbye to be sent. zeroconf runs in the same loop.
    """

    def __init__(
        self,
        node_id: str,
        network: str,
        *,
        port: int | None,
        roles: Iterable[str],
        on_found: Callable[[Candidate], None],
        on_lost: Callable[[str], None],
        interfaces: Sequence[str] | None = None,
        advertise: Sequence[str] | None = None,
        name: str | None = None,
    ) -> None:
        if port is not None and not 0 < port < 2**16:
            raise ValueError(f"the port to advertise must be 1 to 65535, got {port}")
        self._node_id = node_id
        #: What the node is called in lines of the log.
        self._node = node_id if name is None else name
        self._network = network
        self._port = port
        self._name = instance_name(node_id)
        self._text = text_of(node_id, network, roles)
        self._on_found = on_found
        self._on_lost = on_lost
        self._interfaces = None if interfaces is None else tuple(interfaces)
        self._advertise = None if advertise is None else tuple(advertise)
        self._addresses: list[str] = []
        self._loopback = False
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._announcing: set[asyncio.Future[object]] = set()
        self._closing: asyncio.Task[None] | None = None
        #: Instances that are followed; None where the record nominates nobody.
        self._tracked: dict[str, Candidate | None] = {}
        self._lookups: dict[str, asyncio.Task[None]] = {}
        self._waiting: deque[str] = deque()
        self._found = 0
        self._lost = 0
        self._ignored: Counter[str] = Counter()
        #: Other networks that somebody has spoken of here.
        self._others: dict[str, None] = {}

    async def start(self) -> bool:
        """Advertise and browse; a few milliseconds, plus 0.2 s off the loop for the first import.

        False where this machine cannot multicast: one warning says so, and everything else works.
        Raises ConfigError for an interface name that does not exist.
        """
        if self._zeroconf is not None or self._closing is not None:
            raise RuntimeError("an Mdns is started once")
        if "zeroconf.asyncio" not in sys.modules:
            # A thread of its own: the loop goes on, and no idle pool thread is left behind.
            with ThreadPoolExecutor(1, thread_name_prefix="mdns-import") as pool:
                await asyncio.get_running_loop().run_in_executor(pool, _import_zeroconf)
        try:
            await self._open()
        except (OSError, RuntimeError, _not_running()) as error:
            await self.aclose()
            log.warning(
                "mdns unavailable",
                node=self._node,
                interfaces="all" if self._interfaces is None else list(self._interfaces),
                error=getattr(error, "strerror", None) or repr(error),
                still_works="configured peers, and peers that connect to this node",
            )
            return False
        except BaseException:
            await self.aclose()
            raise
        return True

    async def update(self, roles: Iterable[str]) -> None:
        """Offer these roles from now on; browsers hear of it within milliseconds. Raises ValueError."""
        text = text_of(self._node_id, self._network, roles)
        if text == self._text:
            return
        self._text = text
        if self._zeroconf is not None and self._closing is None and self._port is not None:
            for repeats in self._announcing:
                repeats.cancel()  # they would say the old roles again
            self._announced(await self._zeroconf.async_update_service(self._service()))

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
        return MdnsStatistics(self._found, self._lost, dict(self._ignored), tuple(self._others))

    # -- advertising

    async def _open(self) -> None:
        from zeroconf import InterfaceChoice
        from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

        addresses = addresses_of(self._interfaces)
        self._addresses = list(self._advertise or addresses)[:MAX_ADDRESSES]
        self._loopback = any(ipaddress.ip_address(a).is_loopback for a in self._addresses)
        # For all interfaces zeroconf chooses itself; it includes loopback, where nodes may be too.
        self._zeroconf = AsyncZeroconf(interfaces=InterfaceChoice.All if self._interfaces is None else addresses)
        await self._zeroconf.zeroconf.async_wait_for_start()
        self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, SERVICE_TYPE, handlers=[self._changed])
        if self._port is None:
            return
        # Without probing (0.5 s instead of 1.7 s): the name holds the node id, so it is unique.
        self._announced(await self._zeroconf.async_register_service(self._service(), cooperating_responders=True))

    def _service(self) -> AsyncServiceInfo:
        from zeroconf.asyncio import AsyncServiceInfo

        return AsyncServiceInfo(
            SERVICE_TYPE,
            self._name,
            port=self._port,
            properties=self._text,
            server=f"{self._name.partition('.')[0]}.local.",
            parsed_addresses=self._addresses,
        )

    def _announced(self, repeats: Awaitable[object]) -> None:
        """The record is out, and zeroconf repeats it for 0.45 s."""
        future = asyncio.ensure_future(repeats)
        self._announcing.add(future)
        future.add_done_callback(self._announcing.discard)

    async def _close(self) -> None:
        self._waiting.clear()
        ours = self._tasks()
        for task in ours:
            task.cancel()
        if ours:
            await asyncio.wait(ours)
        if self._zeroconf is None:
            return
        if self._browser is not None:
            await self._browser.async_cancel()
        await self._zeroconf.async_close()

    def _tasks(self) -> list[asyncio.Future[object] | asyncio.Task[None]]:
        return [*self._announcing, *self._lookups.values()]

    def _cut_off(self, closing: asyncio.Task[None]) -> None:
        # Cancelled, perhaps before its first step, as the loop is ending: no goodbye, but no socket left.
        if not closing.cancelled():
            return
        for task in self._tasks():
            task.cancel()
        if self._zeroconf is not None:
            self._zeroconf.zeroconf.close()

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
            return
        if name not in self._tracked and not self._track(name):
            self._ignored["too_many"] += 1
            return
        from zeroconf.asyncio import AsyncServiceInfo

        info = AsyncServiceInfo(SERVICE_TYPE, name)
        if info.load_from_cache(zeroconf):
            self._resolved(name, info)
        elif name not in self._lookups and name not in self._waiting:
            self._waiting.append(name)
            self._look_up_next()

    def _track(self, name: str) -> bool:
        if len(self._tracked) >= MAX_TRACKED:
            # Records that nominate nobody make room, so that a flood of them hides no real node.
            useless = next((n for n, candidate in self._tracked.items() if candidate is None), None)
            if useless is None:
                return False
            del self._tracked[useless]
        self._tracked[name] = None
        return True

    def _look_up_next(self) -> None:
        while self._waiting and len(self._lookups) < MAX_LOOKUPS and self._closing is None:
            name = self._waiting.popleft()
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
        read = read_record(
            raw_record(name, info), self_id=self._node_id, network=self._network, loopback=self._loopback
        )
        if isinstance(read, Ignored):
            self._ignored[read.reason] += 1
            if read.reason == "network":
                self._of_another(read.network)
            self._forget(name)
        elif self._tracked[name] != read:
            self._tracked[name] = read
            self._found += 1
            self._on_found(read)

    def _of_another(self, network: str) -> None:
        """Somebody is there, and in another network: a line for each, as far as they are few."""
        network = printable(network)[:MAX_NETWORK]
        if network in self._others or len(self._others) >= MAX_OTHERS:
            return
        self._others[network] = None
        log.warning(
            "another network on mdns, its nodes are no peers of this one",
            node=self._node,
            network=self._network,
            heard=network,
            **({"hint": "no more of them are told"} if len(self._others) == MAX_OTHERS else {}),
        )

    def _forget(self, name: str) -> None:
        known = self._tracked.get(name)
        if known is not None:
            self._tracked[name] = None
            self._lost += 1
            self._on_lost(known.node_id)


def raw_record(name: str, info: ServiceInfo) -> RawRecord:
    """What zeroconf resolved, as `read_record` takes it."""
    return RawRecord(
        name=name,
        port=info.port,
        addresses=info.parsed_scoped_addresses(),
        txt=info.properties,
        txt_size=len(info.text or b""),
    )


def _import_zeroconf() -> None:
    import zeroconf.asyncio  # noqa: F401


def _not_running() -> type[Exception]:
    from zeroconf import NotRunningException

    return NotRunningException
