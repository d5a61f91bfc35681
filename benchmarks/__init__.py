"""Speed beside a textbook endpoint, measured in one run: ``make bench``."""
