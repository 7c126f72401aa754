"""What decides a training of the expression model, beside the pictures: a TOML file in, frozen settings out.

The dataclasses describe the file, as those of `edge.config` do theirs: every mistake is named at once, with its line.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from converter.augmentation import Augmentation
from edge.errors import ConfigError
from edge.toml_lines import TomlDocument
from edge.typed_toml import TableReader
from edge.typed_values import Places, Range

USUAL_SETTINGS = Path(__file__).with_name("emotion.toml")
"""For a training that begins at nothing."""

_USUAL = Augmentation()


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides the result, beside the pictures and the weights that training starts from."""

    architecture: Literal["ours", "faces", "seed"] = "ours"
    """One of `converter.emotion_network.ARCHITECTURES`."""
    size: Annotated[int, Range(16, 512, "px")] = 64
    """Side of the model's input, px; a multiple of what the architecture says."""
    even_light: bool = False
    """Whether the network first brings each picture to the same mean and contrast, so that how bright a source, or a
    classroom, is tells nothing."""
    epochs: Annotated[int, Range(0, 10_000)] = 32
    """One epoch draws as many pictures as there are. 0 trains nothing: what training begins with is calibrated."""
    tail_epochs: Annotated[int, Range(0, 10_000)] = 0
    """The last so many of them run at `tail_rate`, and what is kept is the mean of their weights, later ones
    weighing more (stochastic weight averaging: Izmailov et al., 2018). 0: the rate falls to 0."""
    tail_rate: Annotated[float, Range(0, 1)] = 5e-4
    batch: Annotated[int, Range(1, 4096, "pictures")] = 64
    learning_rate: Annotated[float, Range(0, 1)] = 2e-3
    """Highest; reached after `warmup_epochs`, then lowered along a cosine to 0, or to `tail_rate`."""
    warmup_epochs: Annotated[float, Range(0, 100)] = 1.0
    clip: Annotated[float, Range(0, 1000)] = 0.0
    """Longest step of all weights together, as the norm of their gradient; 0: any. For networks without batch
    normalization, such as `faces`."""
    weight_decay: Annotated[float, Range(0, 1)] = 0.02
    dropout: Annotated[float, Range(0, 0.9)] = 0.2
    soft_labels: bool = False
    """Whether annotators who disagreed share a picture's label, where the manifest says how many agreed."""
    label_smoothing: Annotated[float, Range(0, 0.5)] = 0.1
    teaching: Annotated[float, Range(0, 1)] = 0.5
    """Share of a picture's target that the teachers decide, where there are any."""
    shift_share: Annotated[float, Range(0, 1)] = 0.65
    """How much of the shift of the logits that gives the best macro-F1 on the validation pictures is taken at the end:
    the whole suits those pictures best, and others less."""
    mixup: Annotated[float, Range(0, 10)] = 0.1
    """Of the Beta distribution that blends two pictures; 0 blends none."""
    balance: Annotated[float, Range(0, 1)] = 0.5
    """How often pictures of one label and source are drawn: as their number to the power of (1 - balance).
    0 draws as the data lie, 1 draws every label of every source equally often."""
    averaging: Annotated[float, Range(0, 0.99999)] = 0.998
    """Share of the averaged weights kept at each step before the tail."""
    patience: Annotated[int, Range(0, 10_000, "epochs")] = 0
    """Epochs without a better macro-F1 on the validation pictures after which training stops; 0: never. The
    weights are then those of the end all the same, not those of the epoch that happened to score best."""
    seed: Annotated[int, Range(0, 2**31 - 1)] = 1
    augmentation: Augmentation = _USUAL


def read_settings(path: Path) -> TrainingSettings:
    """The settings in the TOML file at path. Raises ConfigError, which names every mistake in it."""
    try:
        document = TomlDocument(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; name a file of training settings") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}; write key = value, each key and each [table] once") from error
    reader = TableReader(document, TrainingSettings, Places(path.absolute().parent, path.absolute().parent))
    settings = reader.read(TrainingSettings, document.values)
    if settings is not None and settings.tail_epochs > settings.epochs:
        reader.wrong(("tail_epochs",), "are more than epochs", f"write at most {settings.epochs}")
    if settings is None or reader.problems:
        lines = [f"{path}:{p.line or 1}: {p.key} {p.reason}; {p.remedy}" for p in reader.problems]
        raise ConfigError("\n".join(lines), reader.problems)
    return settings
