"""Countermand: the layer between a scored model and the people who answer for its decisions."""

__version__ = "0.1.0"
