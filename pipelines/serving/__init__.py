"""Running the programs of an installation: the dashboard alone, or all of them supervised; and their health."""
