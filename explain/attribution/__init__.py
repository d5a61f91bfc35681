"""How much each feature moved a score: trees exactly, black boxes with an error."""
