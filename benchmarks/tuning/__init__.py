"""What each setting of a channel does under load: measured on virtual time, where numbers are exact, and drawn."""
