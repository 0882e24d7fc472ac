"""What runs an actor: its cell, its life, its turns, timers, tasks and handlers, on the loop or on a thread."""

from __future__ import annotations

from .addressee import PYKKA_MESSAGES, Addressee
from .arrivals import Arrivals
from .behaviour import Behaviour
from .blocking import BLOCKING_THREADS, BlockingThreads, BlockingView, check_cancelled, wait_cancelled
from .body import Body
from .building import context_on
from .cell import Cell
from .closing import Closing, RunningActors
from .cross_reply import CrossReply
from .ending import Ending
from .factories import channels_of, factories_of, refuse_instance, refuse_uncallable
from .forked_cell import refuse_sends
from .handing_cell import HandingCell
from .handler_table import Handler
from .handlers import handles
from .here import Here
from .host import Host, NamesActors, RunsBlocking
from .latency import OwnLatency, PeakEwma
from .life import Life
from .load import Load, Loads
from .loop_cell import LoopCell
from .loop_thread import MARGIN, LoopThread, check_plain, new_event_loop
from .processes import RunsProcesses
from .ref import Ref
from .rehearsal import CHECK_SENDS, Rehearsed, expected, rehearsed_message, said_of, sends_are_checked
from .spawning import Spawning
from .stall_watch import SLOW_HANDLER, StallWatch
from .state import State
from .supervisor import Supervisor
from .thread_cell import ThreadCell
from .timers import Tick, Timer, Timers
from .timings import SAMPLED, HistogramView, Timings
from .to_cell import many_to_cell, pour_singly, refuse_here, within
from .traced_cells import ask_traced, begun, lost_behind, note_loss, pour_traced, tell_traced, traced

__all__ = [
    "Addressee",
    "Arrivals",
    "BLOCKING_THREADS",
    "Behaviour",
    "BlockingThreads",
    "BlockingView",
    "Body",
    "CHECK_SENDS",
    "Cell",
    "CrossReply",
    "Closing",
    "Ending",
    "HandingCell",
    "Here",
    "HistogramView",
    "Handler",
    "Host",
    "Life",
    "Load",
    "Loads",
    "LoopCell",
    "LoopThread",
    "MARGIN",
    "NamesActors",
    "OwnLatency",
    "PYKKA_MESSAGES",
    "PeakEwma",
    "Ref",
    "Rehearsed",
    "RunningActors",
    "RunsBlocking",
    "RunsProcesses",
    "SAMPLED",
    "SLOW_HANDLER",
    "Spawning",
    "StallWatch",
    "State",
    "Supervisor",
    "ThreadCell",
    "Tick",
    "Timer",
    "Timers",
    "Timings",
    "ask_traced",
    "begun",
    "channels_of",
    "check_cancelled",
    "check_plain",
    "context_on",
    "expected",
    "factories_of",
    "handles",
    "lost_behind",
    "many_to_cell",
    "new_event_loop",
    "note_loss",
    "pour_singly",
    "pour_traced",
    "refuse_here",
    "refuse_instance",
    "refuse_sends",
    "refuse_uncallable",
    "rehearsed_message",
    "said_of",
    "sends_are_checked",
    "tell_traced",
    "traced",
    "wait_cancelled",
    "within",
]
