"""Bytes to cells: xlsx, xls, xlsb, ods, csv. Imports nothing of this project but `errors`.

A cell is read in three ways. `xlsx.fast_cells` reads plain xlsx sheets in bulk: the positions of all tags at once, every byte
checked to have the usual form. Other sheets are read with `python-calamine`, while `xlsx.sheet_scan` searches their XML for what
calamine does not return. `xls`, `xlsb`, `ods` and the text formats have readers of their own.

Calamine alone is not enough: it returns an empty text for an error cell (#REF!, #N/A) and for a formula without a stored value,
so that an error would look like a blank; it gives no hidden rows or columns and no percent formats; and its addresses shift where
a sheet begins with empty rows. It is also slower than the bulk reader on the files that nearly all counties send.
"""
