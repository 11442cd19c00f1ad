"""The broker's jars: fetched by coordinates with jgo, accepted only with the locked sha256.

jgo checks a download against the sha1 that the same server sends and only warns; here the
committed lock decides. Jars are kept per user, so the network is needed once per machine.
"""

import hashlib
import tempfile
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import requests
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext

from recordgate_schemas.errors import FatalError, RetryableError

SPEC = Path(__file__).with_name("jgo.toml")
LOCK = Path(__file__).with_name("jgo.lock.toml")
_FETCHERS = 4


@dataclass(frozen=True, slots=True)
class Jar:
    """One jar of the lock."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def filename(self) -> str:
        """The name of the jar's file, in the repository and here."""
        return f"{self.artifact}-{self.version}.jar"


def locked_jars() -> tuple[Jar, ...]:
    """Return the jars of the lock; every one of them has a sha256."""
    table = tomllib.loads(LOCK.read_text(encoding="utf-8"))
    return tuple(
        Jar(one["groupId"], one["artifactId"], one["version"], one["sha256"])
        for one in table["dependencies"]
    )


def default_store(folder: Path) -> Path:
    """Return where jars are kept: the user's cache, or the data folder if there is none."""
    cache = Path(platformdirs.user_cache_dir("recordgate")) / "jars"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return folder / "jars"
    return cache


def verified_jars(store: Path, jars: Sequence[Jar]) -> tuple[Path, ...]:
    """Return the paths of locked jars, each checked just now; fetch what is missing."""
    store.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in jars if not (store / jar.filename).exists()]
    if missing:
        _fetch(missing, store)
    return tuple(_verified(store / jar.filename, jar) for jar in jars)


def central(store: Path) -> MavenContext:
    """Return jgo's view of Maven Central, and of the mirrors in the user's jgo configuration."""
    mirrors = GlobalSettings.load().repositories
    remotes = {"central": MAVEN_CENTRAL_URL, **mirrors}
    return MavenContext(repo_cache=store, local_repos=[], remote_repos=remotes, timeout=60)


def _fetch(jars: list[Jar], store: Path) -> None:
    """Download the jars aside and move in only what verifies: a kill leaves no half jar."""
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=store) as aside:
        context = central(Path(aside))
        with ThreadPoolExecutor(_FETCHERS) as pool:
            fetched = pool.map(lambda jar: (jar, _download(context, jar)), jars)
            for jar, path in fetched:
                _verified(path, jar).replace(store / jar.filename)


def _download(context: MavenContext, jar: Jar) -> Path:
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    try:
        return Path(component.artifact().resolve())
    except (RuntimeError, OSError, requests.RequestException) as error:
        raise RetryableError(
            f"{jar.filename} could not be fetched ({type(error).__name__}). The embedded broker "
            "needs Maven Central once per machine: check the network, or name a mirror in jgo's "
            "own configuration, then try again; or give the address of a Kafka you run."
        ) from error


def _verified(path: Path, jar: Jar) -> Path:
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != jar.sha256:
        raise FatalError(
            f"{path} is not the jar that was locked: sha256 {found}, expected {jar.sha256}. "
            "Delete the file to have it fetched again, and find out who changed it."
        )
    return path
