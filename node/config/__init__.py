"""The configuration of a node or of a worker: files, variables and words, read into values that cannot be invalid."""

from __future__ import annotations

from .channels import ChannelConfig
from .config import NodeConfig, ReactorConfig, load_config, parse_config
from .overrides import PREFIX, Override, from_environment, from_words, key_text, leaves
from .permissions import notes_on_permissions
from .places import from_outside
from .processes import ProcessReactor
from .table import Source
from .worker import WorkerConfig, load_worker_config

__all__ = [
    "PREFIX",
    "ChannelConfig",
    "NodeConfig",
    "Override",
    "ProcessReactor",
    "ReactorConfig",
    "Source",
    "WorkerConfig",
    "from_environment",
    "from_outside",
    "from_words",
    "key_text",
    "leaves",
    "load_config",
    "load_worker_config",
    "notes_on_permissions",
    "parse_config",
]
