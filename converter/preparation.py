"""What is done with a float32 model before the quantizer gets it: ranges, and for VGG-Face what keeps it exact."""

from __future__ import annotations

from dataclasses import dataclass

from converter.activation_ranges import measure_ranges
from converter.mixed import is_vggface, usual_kept_float
from converter.quantization import Ranges
from converter.refinement import Bar, refine
from converter.representative import Inputs
from edge.manifest import ModelEntry


@dataclass(frozen=True, eq=False)
class Prepared:
    """What `converter.quantization.quantize` takes."""

    content: bytes
    """The float32 TFLite file: the source's own, or one of the same function."""
    ranges: Ranges | None
    keep_float: tuple[str, ...] = ()
    note: str = ""
    """What was done unasked, and how to turn it off; empty when nothing was."""


def prepare(content: bytes, entry: ModelEntry, inputs: Inputs | None, bar: Bar = lambda title: iter) -> Prepared:
    """As good as is known for the model and the pictures.

    content: the float32 TFLite file; entry: what it is, its recipe included; inputs: (N, ...) to calibrate with, None
    without pictures.
    """
    if is_vggface(entry) and inputs is not None:
        refined = refine(content, inputs, bar)
        if refined is not None:
            note = "channels scaled and weights rounded by their effect on the pictures (off by --keep-float)"
            return Prepared(refined.content, refined.ranges, note=note)
    ranges = measured(content, entry, inputs, bar)
    kept = usual_kept_float(content, entry)
    note = (
        f"the first {len(kept)} operations stay float32, which costs little size (off by --keep-float)" if kept else ""
    )
    return Prepared(content, ranges, kept, note)


def measured(content: bytes, entry: ModelEntry, inputs: Inputs | None, bar: Bar) -> Ranges | None:
    """The ranges that the recipe of entry needs; None when it needs none or there are no inputs."""
    if inputs is None or not entry.recipe.startswith("static"):
        return None
    return measure_ranges(content, bar("calibrating")(inputs))
