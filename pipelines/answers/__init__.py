"""A workbook's cells to typed answers and findings: layout, units, values."""
