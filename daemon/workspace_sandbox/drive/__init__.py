"""Drive v3. `file_methods.py` is what is called most; `files.py` is how files are kept and who may reach them."""
