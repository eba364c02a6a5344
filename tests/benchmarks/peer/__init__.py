"""What `POST /events` is measured against: the same kind of message, taken in as most projects would."""
