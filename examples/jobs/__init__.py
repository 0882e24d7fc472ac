"""A job queue: an office asks workers, which are processes; jobs tell how far they are, are cancelled, are retried."""
