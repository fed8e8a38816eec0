"""A portfolio: the folder in which a numbered edition gathers, variant by variant.

It is laid out as a machine's state is, with ``takes`` and ``site``: whatever can be done with takes can be done there,
with ``--state``. What is being made lies in ``making``, and comes to its place when it is whole.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation import __version__
from installation.errors import Refusal
from installation.machine.files import StorageError, alone, write_atomically
from installation.publishing import provenance
from installation.publishing.catalogue import site
from installation.publishing.catalogue.leaf import gathered
from installation.publishing.forms import chosen
from installation.publishing.numbered import Edition, made
from installation.publishing.numbering import certify
from installation.publishing.variants import EditionError, Variant, variants
from installation.recording import takes
from installation.recording.writing import versions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from installation.machine.settings import CatalogueSettings
    from installation.publishing.catalogue.site import Telling
    from installation.publishing.certificate import Credential
    from installation.restorers import Restorer

FOLDER = "editions"  # below the state, where nobody says another
CARD, MAKING = "edition.json", "making"
SCHEMA = 1
BEGUN = "begun"  # the one thing on the card in which two runs of an edition differ


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a variant: ``failure`` says why it is not there, ``unsigned`` which of its files nobody signed."""

    variant: Variant
    failure: str = ""
    unsigned: tuple[str, ...] = ()


class Portfolio:
    """The variants of an edition that are there, and those that are not. ``edition`` has the date it was begun."""

    def __init__(
        self, folder: Path, edition: Edition, digest: str, credential: Credential | None, imprint: CatalogueSettings
    ) -> None:
        """``digest`` is the restorer's. Raises ``EditionError`` where another edition lies in the folder."""
        self.folder, self._credential, self._imprint = folder, credential, imprint
        self.variants: Sequence[Variant] = variants(edition.scene, edition.count, edition.seed)
        self.edition = _carded(folder, edition, digest)

    def missing(self) -> list[Variant]:
        """The variants that are not there yet, by their numbers."""
        return [each for each in self.variants if not (self._takes / self.edition.title(each)).is_dir()]

    def place(self, variant: Variant) -> Path:
        """The folder in which a variant is to be made."""
        return self.folder / MAKING / self.edition.title(variant)

    def accept(self, variant: Variant) -> tuple[str, ...]:
        """Sign what was made of a variant, certify its number and give it its place.

        Returns sentences about what could not be signed. Raises ``PublishError`` and ``StorageError``.
        """
        made, title = self.place(variant), self.edition.title(variant)
        media = made / site.FOLDER / takes.FOLDER
        leaf = gathered(takes.load(made / takes.FOLDER / title), media, lambda _: None)
        unsigned = self._attest(leaf.take)
        certify(leaf, media / leaf.name, self._credential, self._imprint)
        with _writable(self.folder):
            _move(media / leaf.name, self.folder / site.FOLDER / takes.FOLDER / leaf.name)
            _move(leaf.take.folder, self._takes / title)  # last: by this it is known to be there
            shutil.rmtree(made, ignore_errors=True)
        return unsigned

    def attempt(self, variant: Variant, make: Callable[[], object]) -> Outcome:
        """Make a variant and give it its place, or say why not. Raises ``StorageError``: then nothing else will fit."""
        try:
            make()
            return Outcome(variant, unsigned=self.accept(variant))
        except StorageError:
            raise
        except Refusal as refusal:
            return Outcome(variant, str(refusal))

    def site(self, tell: Telling) -> Path:
        """The website of all variants that are there; returns its index. Raises ``PublishError``."""
        return site.site(takes.all_takes(self.folder), self.folder / site.FOLDER, self._imprint, tell)

    @property
    def _takes(self) -> Path:
        return self.folder / takes.FOLDER

    def _attest(self, take: takes.Take) -> tuple[str, ...]:
        said = []
        for form in chosen(self.edition.forms):
            serial = provenance.only_serial(take, form.name, self.edition.wishes)
            attested = provenance.attest(take, form.place(take, take.folder), self._credential, serial)
            said.append(attested.unsigned if self._credential else "")
        return tuple(filter(None, said))


@contextlib.contextmanager
def opened(
    folder: Path, edition: Edition, digest: str, credential: Credential | None, imprint: CatalogueSettings
) -> Iterator[Portfolio]:
    """A portfolio that nobody else fills meanwhile. Raises ``EditionError`` and ``StorageError``."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(alone(folder))
        except StorageError:
            raise EditionError(f"The edition in {folder} is being made already. Wait for that, or end it.") from None
        yield Portfolio(folder, edition, digest, credential, imprint)


def in_order(portfolio: Portfolio, restorer: Restorer, tell: Callable[[Variant, float], None]) -> Iterator[Outcome]:
    """Make what is missing here, one after the other. One that fails does not keep the others from being made.

    ``tell`` hears the share done of each. Raises ``StorageError``: what has no room for one has none for the next.
    """
    edition = portfolio.edition
    for variant in portfolio.missing():
        place = portfolio.place(variant)
        yield portfolio.attempt(variant, partial(made, edition, variant, restorer, place, partial(tell, variant)))


def card(edition: Edition, digest: str) -> dict[str, Any]:
    """What an edition is, completely: another one has another card."""
    scene, terms = edition.scene, edition.terms
    return {
        "schema": SCHEMA,
        "scene": scene.name,
        "scene_sha256": _digest(scene.text),
        "ranges": {address: dataclasses.asdict(each) for address, each in scene.ranges.items()},
        "count": edition.count,
        "seed": str(edition.seed),
        "length": dataclasses.asdict(terms.length),
        "size": scene.size,
        "restorer": scene.restorer,
        "model": scene.model,
        "model_sha256": digest,
        "device": terms.device,
        "threads": terms.threads,
        "dtype": terms.dtype,
        "calibration_sha256": _digest(repr(terms.calibration)),
        "codec": terms.recording.codec,
        "forms": edition.forms,
        "wishes": dataclasses.asdict(edition.wishes),
        "version": __version__,
        "versions": versions(),
        BEGUN: terms.now.isoformat(),
    }


def _carded(folder: Path, edition: Edition, digest: str) -> Edition:
    """The edition with the date of the card that lies there; a new card where there is none."""
    here: dict[str, Any] = json.loads(json.dumps(card(edition, digest), default=str))
    known = _read(folder / CARD)
    if known is None:
        write_atomically(folder / CARD, json.dumps(here, indent=2, ensure_ascii=False) + "\n")
        return edition
    _require_same(folder, known, here)
    begun = datetime.fromisoformat(known[BEGUN])
    return dataclasses.replace(edition, terms=dataclasses.replace(edition.terms, now=begun))


def _require_same(folder: Path, known: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    for what in here:
        if what != BEGUN and known.get(what) != here[what]:
            was, now = (str(each.get(what))[:80] for each in (known, here))
            raise EditionError(
                f"{folder} holds another edition: its {what} is {was}, this one's {now}. "
                "Ask for the same again, or choose another --out."
            )


def _read(path: Path) -> dict[str, Any] | None:
    try:
        known = json.loads(path.read_bytes())
        datetime.fromisoformat(known[BEGUN])
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EditionError(f"{path} cannot be read ({error.strerror}).") from None
    except (ValueError, KeyError, TypeError):
        raise EditionError(f"{path} is damaged; which edition this is cannot be told. Choose another --out.") from None
    return dict(known)


@contextlib.contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = f"{folder} cannot be written ({error.strerror}). Make room, or choose another --out."
        raise StorageError(why) from error


def _move(made: Path, place: Path) -> None:
    """Into its place; what a killed run left there steps aside."""
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    made.rename(place)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
