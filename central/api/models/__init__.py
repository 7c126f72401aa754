"""What the API says and takes, in JSON; by topic."""
