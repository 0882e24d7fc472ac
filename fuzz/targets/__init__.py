"""The targets: each module has `check(data)`, which fails on a defect, and `seeds()`, honest inputs by name."""
