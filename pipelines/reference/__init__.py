"""What is asked, measured and counted: the form, the policies, the rosters, and the strict gate for YAML."""
