"""Attacks on a real node, beside an honest load: what the honest notice, in one table with its bounds."""
