"""Running the programs of an installation: the dashboard alone, or all of them, watched; and a look at how they are."""
