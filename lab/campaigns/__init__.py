"""Long campaigns: an installation unattended through months of a moved clock."""
