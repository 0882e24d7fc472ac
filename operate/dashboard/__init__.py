"""`peerbus dashboard`: the page for nodes that open no port, served on this machine, for one who has its link."""
