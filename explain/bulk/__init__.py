"""Many rows at once: from files to files, and as one function on batches."""
