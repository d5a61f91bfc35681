"""The commands, one module per noun. A module is light until one of its commands runs."""
