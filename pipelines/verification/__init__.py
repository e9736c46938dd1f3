"""Spot checks: which reported answers are visited, and what the visits prove (design/spot-checks.md).

Pure: counts and lists of unit identities in, numbers, lists and sentences out. Symbols (R, g, L, F_U) are the method's.
"""
