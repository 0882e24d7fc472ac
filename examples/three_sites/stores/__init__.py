"""The reactors of three sites: stores that count bolts, and desks that ask all stores there are."""
