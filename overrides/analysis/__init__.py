"""Whether people were right to decide against the model, and whether they did so evenly.

Plain statistics over plain facts, from the standard library alone: each number exact, or saying
what it approximates, and never without what it counts.
"""
