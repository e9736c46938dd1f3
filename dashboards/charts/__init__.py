"""Drawings: bars, matrix, trends, map."""
