"""Answers to figures: the answers that count for each unit, counts, verdicts, outlook, what moved."""
