"""Words on the screen, and their escaping."""
