"""Every code block of the README and the docs is run, so that none can go stale."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from peers import environments  # noqa: E402
from peers.adapters import ENVIRONMENT_OF  # noqa: E402
from services import servers  # noqa: E402
from services.proxy import proxy_to  # noqa: E402

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_FENCE = re.compile(
    r"(?:^<!-- (not run|run by|run with): ([^\n]+) -->\n)?^```(\S*)\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_SHOWN_ONLY = ("text",)  # drawings; everything else must have a runner below


@dataclass(frozen=True)
class Block:
    """One fenced block: its kind, text and first line.

    Why it cannot run, which peer runs it, or which package has to be there: blocks that need one
    that is too large for the tests' environment run where somebody has installed it.
    """

    kind: str
    text: str
    line: int
    excuse: str = ""
    peer: str = ""
    package: str = ""


def blocks(document: Path) -> Iterator[Block]:
    """Find the fenced blocks of a document."""
    source = document.read_text(encoding="utf-8")
    assert source.count("\n```") % 2 == 0, f"{document}: a fence is not closed"
    for match in _FENCE.finditer(source):
        word, note, kind, text = match.groups()
        line = source.count("\n", 0, match.start(3)) + 2
        notes = [note or "" if word == name else "" for name in ("not run", "run by", "run with")]
        yield Block(kind, text, line, *notes)


def run_python(block: Block, document: Path, names: dict[str, Any]) -> None:
    """Run a Python block after the ones before it; its asserts are its checks."""
    padded = "\n" * (block.line - 1) + block.text  # tracebacks name the document's lines
    exec(compile(padded, str(document), "exec"), names)


def run_console(block: Block, document: Path) -> None:
    """Run each command and compare what it prints; `...` stands for any text."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        words = shlex.split(command)
        if words[0] == "make":
            assert_target(words[1])
            continue
        assert words[0] == "zarrpy", f"{document}: no runner for `{command}`"
        process = subprocess.run(
            [sys.executable, "-P", "-m", *words],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)},
            check=False,
        )
        assert process.returncode == 0, process.stderr
        assert_like(process.stdout, expected, f"{document}: {command}")


def run_elsewhere(block: Block, document: Path) -> None:
    """Run a block in the environment of another implementation, where that can be had."""
    try:
        program = environments.ensure(ENVIRONMENT_OF[block.peer])
    except environments.EnvironmentMissingError as error:
        print(f"{document}:{block.line} is not run: {error}")
        return
    command = [str(program), "-c", block.text]
    if block.kind == "js":
        modules = environments.ENVIRONMENTS[ENVIRONMENT_OF[block.peer]].directory / "node_modules"
        Path("node_modules").symlink_to(modules)
        Path("block.mjs").write_text(block.text, encoding="utf-8")
        command = [str(program), "block.mjs"]
    process = subprocess.run(
        command, capture_output=True, text=True, env=environments.variables(), check=False
    )
    assert process.returncode == 0, f"{document}:{block.line}\n{process.stderr}"


def check_shell(block: Block) -> None:
    """Let the shell parse what cannot be run here."""
    process = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr


def assert_target(target: str) -> None:
    """Check that the Makefile has a target; running the suite inside itself would never end."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{re.escape(target)}\b.*:", makefile, re.MULTILINE), target


def assert_like(found: str, expected: str, where: str) -> None:
    """Compare a command's output with what the document shows."""
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("..."))
    assert re.fullmatch(pattern, found.strip(), re.DOTALL), f"{where}\nprinted:\n{found}"


@pytest.fixture
def bucket(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that serves a bucket, with its address and credentials in the environment."""
    with ExitStack() as stack:

        def serve() -> None:
            address = stack.enter_context(servers.moto(tmp_path_factory.mktemp("moto")))
            proxy = stack.enter_context(proxy_to(address))
            proxy.signs = True  # as of a bucket that everybody may read
            monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                monkeypatch.setenv(name, "key")
            monkeypatch.setenv("AWS_REGION", "us-east-1")

        yield serve


@pytest.fixture(autouse=True)
def settings_of_dask() -> Iterator[None]:
    """Forget what a document sets in Dask: its workers may run in this process."""
    yield
    config = sys.modules.get("dask.config")
    if config is not None:
        config.refresh()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_blocks_of_a_document_run_in_their_order(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket: Any
) -> None:
    """Blocks of one document share names and an empty working directory."""
    if any("s3://bucket" in block.text for block in blocks(document) if block.kind == "python"):
        bucket()
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(document):
        if block.package and find_spec(block.package) is None:
            compile(block.text, str(document), "exec")
        elif block.peer:
            run_elsewhere(block, document)
        elif block.kind == "python":
            run_python(block, document, names)
        elif block.kind == "console":
            run_console(block, document)
        elif block.kind == "sh" and block.excuse:
            check_shell(block)
        else:
            assert block.kind in _SHOWN_ONLY, f"{document}:{block.line}: {block.kind!r} is not run"


def test_a_block_that_prints_something_else_is_noticed() -> None:
    """The comparison of outputs can fail."""
    assert_like("kind  v3 array\n", "kind  ... array\n", "equal")

    with pytest.raises(AssertionError, match="printed"):
        assert_like("kind  v3 group\n", "kind  ... array\n", "different")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    """A relative link names a file that exists."""
    if not (ROOT / "vendor" / "pins.txt").exists():
        pytest.skip("the source tree is missing: run from a clone of the repository")
    source = _FENCE.sub("", document.read_text(encoding="utf-8"))
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", source)
    missing = [
        target
        for target in targets
        if "://" not in target and not (document.parent / target).exists()
    ]

    assert not missing
