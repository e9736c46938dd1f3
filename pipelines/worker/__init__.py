"""Worker processes with limits, in which files from outside are read."""
