"""Sheets v4. `spreadsheets.py` and `values.py` are what is called; `grid.py` is how a spreadsheet is kept."""
