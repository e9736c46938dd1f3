"""The command line `shequ`."""
