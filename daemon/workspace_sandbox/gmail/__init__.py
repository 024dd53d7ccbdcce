"""Gmail v1. `messages.py` is what is called most; `mailbox.py` is how mail is kept, `delivery.py` how it gets there."""
