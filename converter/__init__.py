"""Keras models to quantized TFLite: build, train, evaluate."""
