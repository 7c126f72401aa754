"""How fast the expression model learns, and which weights are kept, step by step."""

from __future__ import annotations

import keras

from converter.emotion_settings import TrainingSettings

TAIL_POWER = 2
"""In the tail the weights of step t count as t to this power: the first steps were still on their way."""


def optimizer(settings: TrainingSettings, steps: int) -> keras.optimizers.Optimizer:
    """AdamW along the settings' schedule. steps: batches in an epoch."""
    warmup = int(settings.warmup_epochs * steps)
    before_tail = settings.epochs - settings.tail_epochs
    highest = settings.learning_rate if before_tail else settings.tail_rate
    lowest = settings.tail_rate if settings.tail_epochs else 0.0
    schedule = keras.optimizers.schedules.CosineDecay(
        highest / 20,
        decay_steps=max(1, before_tail * steps - warmup),
        alpha=lowest / highest if highest else 0.0,
        warmup_target=highest,
        warmup_steps=warmup,
    )
    chosen = keras.optimizers.AdamW(schedule, weight_decay=settings.weight_decay, global_clipnorm=settings.clip or None)
    chosen.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return chosen


def kept_share(settings: TrainingSettings, steps: int, step: int) -> float:
    """Share of the averaged weights kept at a step, 0-based over the whole run; the rest are the newest weights."""
    in_tail = step - (settings.epochs - settings.tail_epochs) * steps
    if in_tail >= 0:
        return in_tail / (in_tail + TAIL_POWER + 1)
    # Early on the average must follow quickly, or it remembers the random start.
    return min(settings.averaging, (1 + step) / (10 + step))
