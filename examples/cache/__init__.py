"""A replicated cache: three replicas, writes that two have, reads that ask two; a stale one is repaired."""
