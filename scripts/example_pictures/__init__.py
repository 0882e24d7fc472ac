"""The pictures of the examples: programs run at real terminals, and what stands on their screens is drawn."""
