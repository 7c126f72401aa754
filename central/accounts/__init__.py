"""Who may look: accounts, passwords, sessions, invitations, and the record of what they did."""
