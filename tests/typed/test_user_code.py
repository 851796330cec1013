"""The types that users see: checked by mypy in `make check`, and run here."""

import tomllib

from tests.typed.user_code import main


def test_code_with_types_runs(tmp_path, capsys):
    """What mypy accepts does what it says."""
    main(tmp_path)

    assert "'time', 'lat', 'lon'" in capsys.readouterr().out


def test_mypy_checks_that_code_strictly(pytestconfig):
    """With the package itself, in `make check`."""
    settings = tomllib.loads((pytestconfig.rootpath / "pyproject.toml").read_text("utf-8"))

    assert settings["tool"]["mypy"]["strict"]
    assert "tests/typed/user_code.py" in settings["tool"]["mypy"]["files"]
