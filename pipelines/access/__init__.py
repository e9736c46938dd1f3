"""Who may do what, and the audit log of sign-ins, refusals and exports."""
