"""A sensor network: many sensors, aggregators that ask a share of them, a desk that asks the aggregators."""
