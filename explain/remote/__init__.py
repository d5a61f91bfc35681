"""Models that answer over HTTP: what they are asked, how long, and when no more."""
