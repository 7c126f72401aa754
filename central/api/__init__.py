"""What central tells people: an HTTP API, a WebSocket and the dashboard, over the store and the live picture."""
