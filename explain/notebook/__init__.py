"""Any supported model in a notebook, from the frames that people have there."""
