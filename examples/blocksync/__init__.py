"""A file from everybody who has it, in streams of blocks."""
