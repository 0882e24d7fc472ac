"""A thousand whole nodes in one process, on virtual time: how far the simulation goes, and what it costs."""
