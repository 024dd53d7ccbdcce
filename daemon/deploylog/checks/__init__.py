"""What `deploylog doctor` looks at, one module per subject; `doctor.py` puts them in order."""
