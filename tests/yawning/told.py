"""What was seen in clips, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.yawning.spans import Span
from tests.yawning.verdict import Verdict, tired_runs, unreported
from tests.yawning.watching import REFUSALS, Reading, Watched


def text(watched: Watched, verdict: Verdict | None) -> str:
    """The paragraph of one clip."""
    taken, refused = watched.taken, watched.refused
    lines = [
        f"{watched.name}: {watched.seconds:.1f} s, {watched.frames} frames; faces: {watched.faces}, at most "
        f"{watched.most_faces} at once, {len({reading.student for reading in watched.readings})} named and looked at",
        f"  readings      {len(taken)} taken; {len(refused)} refused by the gate: " + _reasons(refused),
        f"  of the taken  {sum(reading.blurred for reading in taken)} are blurred, for which readings have no gate; "
        f"{sum(reading.recognisable for reading in taken)} show enough to ask who it is",
        "  read tired    " + _list([str(run) for run in tired_runs(taken)]),
        "  published     " + _list([f"{report.student} {report.label} {report.span}" for report in watched.reports]),
        f"  unpublished   {_share(len(unreported(watched)), len(taken))} of the readings taken: likeliest tired, while "
        "the reporter did not say so",
        *_gate_lines(taken, refused, watched.confidence),
    ]
    if verdict is not None:
        lines += [
            *(f"  the yawn at {yawn}: tired was {'' if said else 'NOT '}published" for yawn, said in verdict.yawns),
            f"  published tired besides: {verdict.seconds_outside:.1f} s outside of the yawns, within intervals of "
            f"{verdict.seconds_tired:.1f} s; {verdict.false_reports} intervals touch no yawn",
        ]
    return "\n".join(lines) + "\n"


def total(clips: Sequence[Watched]) -> str:
    """What the gate did in all clips together."""
    taken = [reading for watched in clips for reading in watched.taken]
    refused = [reading for watched in clips for reading in watched.refused]
    head = f"all {len(clips)} clips: {len(taken)} readings taken, {len(refused)} refused: {_reasons(refused)}"
    return "\n".join([head, *_gate_lines(taken, refused, clips[0].confidence)]) + "\n"


def data(watched: Watched, verdict: Verdict | None) -> dict[str, Any]:
    """The same for a program; every reading is in it, and no picture."""
    return {
        "clip": watched.name,
        "seconds": round(watched.seconds, 3),
        "frames": watched.frames,
        "faces": watched.faces,
        "most_faces": watched.most_faces,
        "confidence": watched.confidence,
        "readings": [
            {
                "at": round(reading.at, 3),
                "face": reading.student,
                "label": reading.emotion.label,
                "confidence": round(reading.emotion.confidence, 4),
                "tired": round(reading.tired, 4),
                "refused": reading.refused,
                "blurred": reading.blurred,
                "recognisable": reading.recognisable,
            }
            for reading in watched.readings
        ],
        "read_tired": [
            {"face": run.student, **_span(run.span), "readings": run.count} for run in tired_runs(watched.taken)
        ],
        "published": [
            {"face": report.student, "label": report.label, **_span(report.span)} for report in watched.reports
        ],
        "tired_unpublished": len(unreported(watched)),
        "gate": {
            name: {
                "count": len(readings),
                "called_tired": _tired(readings),
                "called_tired_surely": _tired(readings, watched.confidence),
            }
            for name, readings in [
                ("taken", watched.taken),
                *((f"looks {each}", [r for r in watched.refused if r.refused == each]) for each in REFUSALS),
            ]
        },
        "verdict": verdict
        and {
            "yawns": [{**_span(yawn), "published": said} for yawn, said in verdict.yawns],
            "seconds_tired": round(verdict.seconds_tired, 3),
            "seconds_outside": round(verdict.seconds_outside, 3),
            "false_reports": verdict.false_reports,
        },
    }


def _gate_lines(taken: Sequence[Reading], refused: Sequence[Reading], confidence: float) -> list[str]:
    return [
        f"  called tired  {what}: {_share(_tired(readings), len(readings))}; "
        f"from the confidence {confidence:g}: {_share(_tired(readings, confidence), len(readings))}"
        for what, readings in (("faces that were read", taken), ("faces that the gate refused", refused))
    ]


def _tired(readings: Sequence[Reading], confidence: float = 0.0) -> int:
    return sum(reading.called_tired(confidence) for reading in readings)


def _reasons(refused: Sequence[Reading]) -> str:
    return ", ".join(f"{sum(r.refused == each for r in refused)} look {each}" for each in REFUSALS)


def _share(count: int, of: int) -> str:
    return f"{count} of {of}" + (f" ({count / of:.0%})" if of else "")


def _list(items: Sequence[str]) -> str:
    return "; ".join(items) or "nothing"


def _span(span: Span) -> dict[str, float]:
    return {"begin": round(span.begin, 3), "end": round(span.end, 3)}
