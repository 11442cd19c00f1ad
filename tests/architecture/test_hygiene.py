"""What must not be in the repository: addresses of registries, paths of one machine, secrets, loose jars."""

import re
import tomllib

import pytest

from tests.support.sources import ROOT, tracked

needs_git = pytest.mark.skipif(not tracked(), reason="not a git checkout")

HOSTS = r"pypi|pythonhosted|npmjs|yarnpkg|maven|artifactory|jfrog|nexus|sonatype"
FORBIDDEN = {
    "the address of a package registry": rf"https?://[\w.:@-]*\b(?:{HOSTS})\b",
    "an option that names a registry": r"(?<![\w-])-{2}(?:extra-)?index-url[ =]|(?<![\w-])-{2}find-links[ =]",
    "a path of one machine": r"(?<![\w.}/-])/(?:work|root|home/\w+|Users/\w+)/\w",
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "an access token": r"\b(?:gh[pousr]_\w{30,}|AKIA[0-9A-Z]{16}|glpat-[\w-]{20,})",
    "a password in an address": r"postgres(?:ql)?://\w+:(?!\$|\{|\.\.\.)[^@\s/\"'{}]+@",
}


@needs_git
@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_contains(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
        for name, text in tracked().items()
        for match in pattern.finditer(text)
    ]
    assert found == []


SLASH = "/"
CAUGHT = {
    "the address of a package registry": ["https:" + SLASH * 2 + "pypi.org/simple"],
    "an option that names a registry": ["pip install -" + "-index-url x", "-" + "-find-links=y"],
    "a path of one machine": ["cd " + SLASH + "work/x", "'" + SLASH + "home/someone/x'"],
    "a private key": ["-" * 5 + "BEGIN RSA PRIVATE KEY" + "-" * 5],
    "an access token": ["ghp" + "_" + "a" * 36],
    "a password in an address": ["postgresql:" + SLASH * 2 + "me:secret@host/db"],
}
NO_ALARM = [
    "--no-emit-index-url",
    "https://hl7.org/fhir/work/",
    "docs/work/x",
    "org.apache.maven",
    "postgresql://user@localhost/db",
    "postgresql://user:...@localhost/db",
]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_search_finds(what: str) -> None:
    assert all(re.search(FORBIDDEN[what], text) for text in CAUGHT[what])


@pytest.mark.parametrize("text", NO_ALARM)
def test_the_search_gives_no_alarm_for(text: str) -> None:
    assert [what for what, pattern in FORBIDDEN.items() if re.search(pattern, text)] == []


def test_every_locked_jar_carries_a_hash_and_no_address() -> None:
    lock = ROOT / "deploy/recordgate_deploy/embedded/jgo.lock.toml"
    jars = tomllib.loads(lock.read_text("utf-8"))["dependencies"]
    assert jars
    assert [j["artifactId"] for j in jars if not re.fullmatch("[0-9a-f]{64}", j["sha256"])] == []
    assert "://" not in lock.read_text("utf-8")
