"""The card as a page: markdown from the figures, and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from installation.restorers.networks import COARSE, EXPERT, LOUD

TEMPLATE = Path(__file__).with_name("card.md")
UNWRITTEN = (
    "Nobody has written down yet what this one is bad at: look at the sheets and put a `limits.md` beside the weights. "
    "Any ember is small and knows little of the world. It is a brush for this piece and no enhancer of photographs: "
    "what it adds was never there."
)
UNRECORDED = "How it was trained was not recorded."
ELSEWHERE = ("corpus", "words", "media")  # parts of the record that stand in other places of the page
Figures = Mapping[str, Any]


def write(told: Figures, limits: str) -> str:
    """The page of a model's figures, with what somebody wrote about what it is bad at."""
    model, cloud, held = told["model"], told["clouds"], told["denoising"]
    sizes, copies = told["inputs"]["sizes"], cloud["copies"]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        parameters=f"{model['parameters'] / 1e6:.1f}",
        expert=_expert(model),
        bytes=f"{model['bytes'] / 1e6:.1f}",
        digest=told["inputs"]["ember"],
        date=told["date"],
        knows=_knows(model),
        training=_training(model["training"]),
        corpus=_corpus(told),
        sheets="\n\n".join(f"![{medium}](sheets/{medium}.webp)" for medium in _media_of(told["media"])),
        pictures=held["pictures"],
        denoising=_denoising(held["rows"]),
        features=cloud["features"],
        about=cloud["about"],
        cloud=cloud["pictures"],
        steps=sizes["steps"],
        pure_steps=sizes["pure_steps"],
        coverage=f"{cloud['expected_coverage']:.3f}",
        clouds=_clouds(cloud["rows"]),
        shared=_shared(told["corpus"]),
        ratio=f"{copies['ratio']:.2f}",
        taught=copies["taught"],
        shown=told["media"]["pictures"],
        recovered=" / recovered in one guess, where it was taught the medium" if _recovered(told["media"]) else "",
        media=_media(told["media"]["rows"]),
        turns=told["loop"]["turns"],
        loop=_loop(told["loop"]["rows"]),
        speed=_speed(told["speed"]),
        limits=limits.strip(),
    )


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A markdown table; what is no text is shown as it prints."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _knows(model: Figures) -> str:
    words = f"{model['words']:,} words of captions" if model["words"] else "no words"
    media = f"these media besides white noise: {', '.join(model['media'])}" if model["media"] else "no medium but noise"
    return f"**It knows** {words}, and {media}."


def _expert(model: Figures) -> str:
    if not model.get(EXPERT):
        return ""
    return (
        f"\n\n**Where something is said,** behind loud noise (sigma from {LOUD:g}), an expert of "
        f"{model[EXPERT] / 1e6:.1f} million parameters lays the picture out. It is told of the {COARSE} coarsest\n"
        "bands alone and was trained on loud noise alone (after Balaji et al. 2022, arXiv:2211.01324)."
    )


def _training(record: Figures | None) -> str:
    """The training's own record, value by value; what is not there is not made up."""
    if not record:
        return UNRECORDED
    told = {name: value for name, value in record.items() if name not in (*ELSEWHERE, EXPERT)}
    written = table(("", "as the training wrote it down"), ((name, _plain(value)) for name, value in told.items()))
    expert = f"\n\nIts expert for words:\n\n{_training(record[EXPERT])}" if EXPERT in record else ""
    return written + expert


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return " ".join(_plain(each) for each in value)
    return f"{value:,.4g}" if isinstance(value, float) else str(value).replace("|", "\\|")


def _corpus(told: Figures) -> str:
    """The corpus as the training recorded it, or else as it lay there when the card was made."""
    record = (told["model"]["training"] or {}).get("corpus")
    corpus = record or told["corpus"]
    taught, held = (sum(corpus[shelf].values()) for shelf in ("taught", "held out"))
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in corpus["taught"].items())
    counted = f"Digest `{corpus['digest']}`." if record else "Counted where this card was made."
    text = f"{taught:,} files ({kinds}); {held:,} more were held out. {counted}"
    return f"{text}\n\n{table(('source (licence)', 'files'), corpus['sources'].items())}"


def _shared(corpus: Figures) -> str:
    held, both = corpus["whole held out"], corpus["of which the archive holds"]
    if not both:
        return ""
    return f" The archive holds {both} of the {held} held-out photographs and paintings itself, which flatters it."


def _denoising(rows: Sequence[Figures]) -> str:
    names = [name for name in ("wiener", "archive", "previous", "ember") if name in rows[0]["psnr"]]
    lines = [[f"{row['sigma']:g}", f"{row['temperature']:.2f}", *_guessed(row, names)] for row in rows]
    return table(("sigma", "T", *names, "taught", "loss"), lines)


def _guessed(row: Figures, names: Iterable[str]) -> list[str]:
    return [*(f"{row['psnr'][name]:.1f}" for name in names), f"{row['taught']:.1f}", f"{row['loss']['ember']:.5f}"]


def _clouds(rows: Sequence[Figures]) -> str:
    names = ("precision", "recall", "density", "coverage", "memory")
    ranked = sorted(rows, key=lambda row: (row["from"] is not None, str(row["from"])))
    lines = [
        [row["who"], _source(row["from"]), f"{row['frechet']:.2f}", *(_share(row.get(name)) for name in names)]
        for row in ranked
    ]
    return table(("who", "from", "Fréchet", *names), lines)


def _source(origin: str | float | None) -> str:
    return "" if origin is None else origin if isinstance(origin, str) else f"T = {origin:g}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _media_of(media: Figures) -> list[str]:
    return list(dict.fromkeys(row["medium"] for row in media["rows"]))


def _recovered(media: Figures) -> bool:
    return any("recovered" in row["psnr"] for row in media["rows"])


def _media(rows: Sequence[Figures]) -> str:
    """A row per medium, a column per temperature."""
    heats = list(dict.fromkeys(row["temperature"] for row in rows))
    cells = {(row["medium"], row["temperature"]): _undone(row) for row in rows}
    media = dict.fromkeys(row["medium"] for row in rows)
    lines = [(medium, *(cells[medium, heat] for heat in heats)) for medium in media]
    return table(("medium", *(f"T = {heat:g}" for heat in heats)), lines)


def _undone(row: Figures) -> str:
    """``burnt → restored / recovered``, PSNR and then memory."""
    psnr, memory = row["psnr"], row["memory"]
    dbs, kept = f"{psnr['burnt']:.1f} → {psnr['restored']:.1f}", f"{memory['burnt']:.2f} → {memory['restored']:.2f}"
    if "recovered" in psnr:
        dbs, kept = f"{dbs} / {psnr['recovered']:.1f}", f"{kept} / {memory['recovered']:.2f}"
    return f"{dbs} dB; {kept}"


def _loop(rows: Sequence[Figures]) -> str:
    head = ("who", "T", "memory after 1", "10", "30", "last", "colour drift", "contrast", "detail", "change", "verdict")
    words = (
        "Colour drift is the distance of the mean colours of origin and end in CIE Lab; contrast is the standard "
        "deviation of the luma at the end over the origin's, detail the same of what is finer than 4 pixels; change is "
        "the mean difference of two generations there, of -1 to 1."
    )
    return f"{table(head, map(_lived, rows))}\n\n{words}"


def _lived(row: Figures) -> list[str]:
    memories = [f"{_at(row['memory'], turn):+.2f}" for turn in (1, 10, 30, -1)]
    shares = [f"{row[name]:.2f}" for name in ("contrast", "detail")]
    ends = [f"{row['drift']:.1f}", *shares, f"{row['change']:.3f}", _verdict(row)]
    return [row["who"], f"{row['temperature']:g}", *memories, *ends]


def _at(values: Sequence[float], turn: int) -> float:
    return values[min(turn, len(values) - 1)]


def _verdict(row: Figures) -> str:
    wrong = [words for name, words in _WRONG.items() if row[name]]
    if row["refused"]:
        wrong.append(f"{len(row['refused'])} refused")
    return ", ".join(wrong) or "lives"


_WRONG = {"freezes": "freezes", "flattens": "flattens", "runs_away": "colour runs away"}


def _speed(by_device: Figures) -> str:
    """A row per machine: each was measured where it says."""
    head = ("machine", "threads", "dtype", "ms per step", "generations/s, 1 step", "2 steps")
    start = ("s from start to first picture", "peak RSS, MiB", "load before")
    words = "256 x 256, medians; a generation is burnt, restored, fed back and measured, decoding included."
    return f"{table(head + start, (_machine(device, one) for device, one in by_device.items()))}\n\n{words}"


def _machine(device: str, one: Figures) -> list[str]:
    rates = [f"{one['generations_per_second'][steps]:.1f}" for steps in ("1", "2")]
    start = [f"{one['first_picture_seconds']:.1f}", f"{one['peak_rss_mib']:.0f}", f"{one['load']:.1f}"]
    return [device, str(one["threads"]), one["dtype"], f"{one['step_ms']:.1f}", *rates, *start]
