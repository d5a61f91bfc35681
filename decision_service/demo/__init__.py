"""The demo: real applications, invented officers, two simulated years."""
