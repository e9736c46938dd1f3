"""What pages read of an edition and of the installation."""
