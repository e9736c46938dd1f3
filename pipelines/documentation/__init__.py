"""Pages of docs/ that are generated from the program and its reference data: `make docs`."""
