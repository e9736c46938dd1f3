"""Answers to figures: what stands for each unit, counts, verdicts, outlook, what moved."""
