"""The register of indicators, its expressions, and the text of the policy."""
