"""Getting a model from the hub: one commit of it, only what is played, safetensors only, every file checked.

The only door of this room to the network, and it opens only when somebody asks. ``HF_ENDPOINT`` names another hub, a
mirror in the house for example, and ``HF_TOKEN`` who asks, where a licence must be agreed to first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from installation.errors import Refusal
from installation.machine.files import write_atomically
from installation.models import sums
from installation.restorers import controlnet, depth, lora, trust
from installation.restorers.weighing import GIB

if TYPE_CHECKING:
    from huggingface_hub import HfApi

Progress = Callable[[int, int], None]  # bytes that have come, and bytes in all

COMMIT = re.compile(r"[0-9a-f]{40}")
SOURCE = "source.json"
TELLING = frozenset({".json", ".txt", ".model", ".jinja"})  # configurations and vocabularies
LIKED = ("fp16", "bf16", trust.PLAIN)  # variants of weights, the smallest download first
#: All there is of a network that stands alone, by what its class may be: a tiny decoder, a ControlNet, what sees depth.
ALONE: Mapping[tuple[str, ...], frozenset[str]] = {
    (trust.CONFIG, "diffusion_pytorch_model.safetensors"): frozenset({"AutoencoderTiny", controlnet.CLASS}),
    (trust.CONFIG, "model.safetensors", "preprocessor_config.json"): depth.NEAR,
}
PATIENCE = 20.0  # seconds for the list of files
SPARE = 1 * GIB  # bytes that stay free on the disk
HUB = "https://huggingface.co"


class HubError(Refusal):
    """A model that could not be had, with what to do about it."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A file of a repository: where, how long, and its sum: SHA-256 of a large one, git's own of a small one."""

    path: str
    size: int
    sha256: str | None
    blob: str

    def is_in(self, folder: Path) -> bool:
        """Whether the file in a folder is this one, by its sum."""
        file = folder / self.path
        if self.sha256:
            return sums.sha256(file) == self.sha256
        content = file.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == self.blob


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to come, and where to: ``base`` is the model's folder that an adapter belongs to."""

    repository: str
    revision: str
    into: Path
    base: Path | None = None


def add(wish: Wish, progress: Progress) -> Path:
    """Download a model into its folder, whole or not at all; what has come of it before is kept and gone on with.

    Raises ``HubError`` where there is no network, no such model or commit, no safetensors, or no room on the disk.
    """
    if not COMMIT.fullmatch(wish.revision):
        raise HubError(
            f"--revision takes a whole commit of 40 figures and letters, not {wish.revision[:60]!r}: only then is it "
            f"certain what comes. {HUB}/{wish.repository}/commits/main lists them."
        )
    if wish.into.exists():
        raise HubError(f"{wish.into} is there already: burntout models check {wish.into.name}. Or choose a --name.")
    part = wish.into.with_name(f"{wish.into.name}.part")
    with _in_sentences(wish):
        api = _api()
        wanted = needed(_listed(api, wish), lambda name: _small(api, wish, part, name))
        _require_base(wish, wanted)
        _require_room(part, wanted)
        _fetch(api, wish, part, wanted, progress)
    _sign(wish, part, wanted)
    return part.replace(wish.into)


def needed(offered: Sequence[Offered], read: Callable[[str], Mapping[str, Any]]) -> list[Offered]:
    """Of all files of a repository those that are played: a pipeline's, an adapter's, or those of a network alone.

    ``read`` gives the content of a small JSON file. Raises ``HubError`` where there is nothing of the kind, and for
    weights that are there as pickles only.
    """
    there = {file.path: file for file in offered}
    licences = [file for file in offered if file.path.upper().startswith("LICENSE")]
    if trust.INDEX in there:
        index, parts = there[trust.INDEX], trust.components(read(trust.INDEX))
        return [index, *licences, *(file for part in parts for file in _of_part(part, offered))]
    for names, classes in ALONE.items():
        if set(names) <= set(there) and trust.class_of(read(trust.CONFIG)) in classes:
            return [*licences, *(there[name] for name in names)]
    if lora.WEIGHTS in there:
        return [*licences, there[lora.WEIGHTS]]
    raise HubError(
        f"This is neither a diffusers pipeline ({trust.INDEX}), nor an adapter ({lora.WEIGHTS}), nor a tiny decoder, a "
        "ControlNet or a model that sees depth. "
        "Look for a repository whose name ends in diffusers."
    )


def _of_part(part: str, offered: Sequence[Offered]) -> list[Offered]:
    """A component's configuration and vocabulary, and its weights in the variant that is liked best."""
    own = [file for file in offered if str(PurePosixPath(file.path).parent) == part]
    weights = [file for file in own if file.path.endswith(".safetensors")]
    pickled = [file.path for file in own if PurePosixPath(file.path).suffix in trust.PICKLES]
    if pickled and not weights:
        raise HubError(
            f"{pickled[0]}: pickled weights, which can run code. This model has no safetensors: use another."
        )
    variants = {_variant(file) for file in weights}
    liked = next((variant for variant in LIKED if variant in variants), None)
    told = [file for file in own if PurePosixPath(file.path).suffix in TELLING and _concerns(file, liked)]
    return [*told, *(file for file in weights if _variant(file) == liked)]


def _variant(file: Offered) -> str:
    return trust.variant_of(PurePosixPath(file.path).name)


def _concerns(file: Offered, liked: str | None) -> bool:
    """Whether a JSON file is no index of shards, or that of the weights that come."""
    name = PurePosixPath(file.path).name
    if ".index." not in name:
        return True
    return name.endswith(f".index.{liked}.json" if liked != trust.PLAIN else ".safetensors.index.json")


def _api() -> HfApi:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when the library is imported
    from huggingface_hub import HfApi

    return HfApi(library_name="burntout", endpoint=os.environ.get("HF_ENDPOINT"))


def _listed(api: HfApi, wish: Wish) -> list[Offered]:
    told = api.model_info(wish.repository, revision=wish.revision, files_metadata=True, timeout=PATIENCE)
    return [
        Offered(file.rfilename, file.size or 0, file.lfs.sha256 if file.lfs else None, file.blob_id or "")
        for file in told.siblings or ()
    ]


def _small(api: HfApi, wish: Wish, part: Path, name: str) -> Mapping[str, Any]:
    """The content of a small JSON file, which is kept."""
    return trust.read(Path(api.hf_hub_download(wish.repository, name, revision=wish.revision, local_dir=part)))


def _require_base(wish: Wish, wanted: Sequence[Offered]) -> None:
    if wish.base is None and any(file.path == lora.WEIGHTS for file in wanted):
        raise HubError(f"{wish.repository} is an adapter: say which model it is for, with --base FOLDER.")


def _require_room(part: Path, wanted: Sequence[Offered]) -> None:
    missing = sum(file.size for file in wanted if not (part / file.path).is_file())
    free = shutil.disk_usage(part.parent).free
    if missing + SPARE > free:
        raise HubError(
            f"{part.parent} has {free / GIB:.1f} GiB free; {missing / GIB:.1f} and one to spare are needed. Make room."
        )


def _fetch(api: HfApi, wish: Wish, part: Path, wanted: Sequence[Offered], progress: Progress) -> None:
    """All files, one after the other; one whose sum is wrong is thrown away."""
    done, total = 0, sum(file.size for file in wanted)
    for file in wanted:
        bar = _heard(partial(_tell, progress, done, total))
        api.hf_hub_download(wish.repository, file.path, revision=wish.revision, local_dir=part, tqdm_class=bar)
        if not file.is_in(part):
            (part / file.path).unlink()
            raise HubError(f"{file.path} did not come as it was listed (its sum is another). Start again to fetch it.")
        done += file.size
        progress(done, total)


def _tell(progress: Progress, before: int, whole: int, come: int) -> None:
    progress(before + come, whole)


def _heard(tell: Callable[[int], None]) -> Any:
    """The class of a silent progress bar, which says how many bytes of a file have come."""
    from tqdm.auto import tqdm  # type: ignore[import-untyped] # it has no types

    class Bar(tqdm):  # type: ignore[misc] # for the same reason
        def __init__(self, *arguments: Any, **settings: Any) -> None:
            super().__init__(*arguments, **settings | {"disable": True})
            self.come = int(settings.get("initial") or 0)

        def update(self, n: float = 1) -> None:
            self.come += int(n)
            tell(self.come)

    return Bar


def _sign(wish: Wish, part: Path, wanted: Sequence[Offered]) -> None:
    """Write down what came from where; the hub's own notes are not needed any more."""
    shutil.rmtree(part / ".cache", ignore_errors=True)
    sums.record(part, [file.path for file in wanted])
    told = {"repository": wish.repository, "revision": wish.revision, "bytes": sum(file.size for file in wanted)}
    write_atomically(part / SOURCE, json.dumps(told, indent=1))
    if wish.base and (part / lora.WEIGHTS).is_file():
        lora.name_base(part, wish.base, consistent="lcm" in wish.repository.lower())


@contextlib.contextmanager
def _in_sentences(wish: Wish) -> Iterator[None]:
    """Say in a sentence what went wrong on the way."""
    import httpx2
    from huggingface_hub import errors

    page, kept = f"{HUB}/{wish.repository}", "What has come is kept: start again to go on."
    try:
        yield
    except errors.GatedRepoError as error:
        raise HubError(f"{page} wants its licence agreed to: do so there, then give your HF_TOKEN.") from error
    except errors.RevisionNotFoundError as error:
        raise HubError(f"{wish.repository} has no commit {wish.revision}. {page}/commits/main lists them.") from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise HubError(
            f"There is no model {wish.repository}, or it is private. Look for it on {HUB}/models."
        ) from error
    except (httpx2.HTTPError, OSError) as error:
        raise HubError(
            f"{page} cannot be reached, or broke off ({error}). {kept} Without a network, copy the folder of commit "
            f"{wish.revision[:12]} from a machine that has one to {wish.into}, then: burntout models check {wish.into}"
        ) from error
