"""`classpulse-edge bench`: how fast the models and the settings are on this very device, in about a minute.

The daemon's pipeline looks at the demo's clip and at rooms composed from the demo's portraits, and the time of every
model is taken. Nothing is enrolled or published, and nobody is observed. Time in a room is that of its frames, so that
a fast device need not wait for a camera.
"""
