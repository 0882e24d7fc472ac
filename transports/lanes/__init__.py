"""What is on its way on one connection: its queues, the credit that bounds them, and what is written next."""

from __future__ import annotations

from .arrived_items import ArrivedItems, Wrapping
from .batch import ROOM, Outgoing, too_late, traced_outgoing
from .forwarded_ask import AskedElsewhere, ForwardedAsk
from .frame_timing import Growth, answers_leave, asks_leave
from .frame_writer import FrameWriter, Writer
from .handed_ask import HandedAsk
from .in_lane import InLane, largest_on
from .item_growth import ItemGrowth
from .item_pacing import FIRST_ITEMS, ItemPacing, StreamPace
from .item_queue import ItemQueue
from .item_reply import ItemReply, StreamServer
from .item_weight import note_kinds, weight_of_unread
from .lane_statistics import LaneStatistics
from .lane_turn import LaneTurn, ReplyLane
from .out_lane import OutLane
from .out_many import accept_many
from .outbox import Outbox, budget_of
from .pacing import FIRST_TOKEN
from .rated_window import RatedWindow, RateView, unrated
from .relay_window import RELAYED_BYTES, RELAYED_ITEMS, RelayWindow
from .relayed_reply import RelayedReply
from .remote_ask import RemoteAsk, lane_of
from .remote_reply import (
    ANSWER_TOO_LARGE,
    ANSWER_TYPE,
    ANSWER_UNREAD,
    REACTOR_PREFIX,
    Answering,
    RemoteReply,
    Server,
    ThreadReply,
)
from .request_ids import RequestIds
from .send_rights import not_allowed
from .stream_limit import MAX_STREAMS, StreamLimit, leave_limit, limit_of, unsent_on
from .window_tuning import RestingTuner, WindowBudget, WindowShare, WindowTuner

__all__ = [
    "ANSWER_TOO_LARGE",
    "ANSWER_TYPE",
    "ANSWER_UNREAD",
    "FIRST_ITEMS",
    "FIRST_TOKEN",
    "MAX_STREAMS",
    "REACTOR_PREFIX",
    "RELAYED_BYTES",
    "RELAYED_ITEMS",
    "ROOM",
    "Answering",
    "ArrivedItems",
    "AskedElsewhere",
    "ForwardedAsk",
    "FrameWriter",
    "Growth",
    "HandedAsk",
    "InLane",
    "ItemGrowth",
    "ItemPacing",
    "ItemQueue",
    "ItemReply",
    "LaneStatistics",
    "LaneTurn",
    "OutLane",
    "Outbox",
    "Outgoing",
    "StreamPace",
    "RateView",
    "RatedWindow",
    "RelayWindow",
    "RelayedReply",
    "RemoteAsk",
    "RemoteReply",
    "ReplyLane",
    "RequestIds",
    "RestingTuner",
    "Server",
    "StreamLimit",
    "StreamServer",
    "ThreadReply",
    "WindowBudget",
    "WindowShare",
    "WindowTuner",
    "Wrapping",
    "Writer",
    "accept_many",
    "answers_leave",
    "asks_leave",
    "budget_of",
    "lane_of",
    "largest_on",
    "leave_limit",
    "limit_of",
    "unsent_on",
    "not_allowed",
    "too_late",
    "traced_outgoing",
    "unrated",
    "note_kinds",
    "weight_of_unread",
]
