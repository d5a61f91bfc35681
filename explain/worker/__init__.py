"""Where a model's own library runs: in a process that may die without harm."""
