"""What a deployment was asked for in: tickets of a ticket system, and threads of a mailbox. One module each."""
