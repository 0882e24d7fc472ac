"""A mempool: signed transactions that enter at any miner and come to every miner once, by gossip."""
