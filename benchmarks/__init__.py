"""The benchmarks: the bus beside Pykka and raw asyncio, on the same work, in one interleaved run."""
