"""Calendar v3. `events.py` is what is called most; `event_store.py` is how events are kept, `guests.py` who hears of
them."""
