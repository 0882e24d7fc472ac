"""Strangers' bytes into whatever reads them: guided by coverage (`make fuzz`), and from the kept corpus (the tests)."""
