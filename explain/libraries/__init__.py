"""Models of other people's libraries, read as trees, lines, points or boxes."""
