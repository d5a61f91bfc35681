"""Tests of deciding and recording files."""
