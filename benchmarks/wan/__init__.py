"""Long, thin and lossy links: hosts in network namespaces, and a switch that delays, drops and limits."""
