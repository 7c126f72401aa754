"""What the daemon needs over time: memory over hours of a clip, processor time in a still, empty room."""
