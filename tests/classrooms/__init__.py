"""Classrooms composed from portraits, with a ledger of who is where: what the daemon says is judged face by face."""
