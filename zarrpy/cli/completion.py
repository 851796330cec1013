"""``zarrpy completion``: a script that completes verbs and options in a shell."""

from __future__ import annotations

import argparse

from zarrpy.cli.exits import OK
from zarrpy.cli.output import print_json
from zarrpy.cli.verbs import VERBS

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any

_BASH = """\
_zarrpy() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" verb="" each
    for each in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$each" in -*) ;; *) verb="$each"; break ;; esac
    done
    case "$verb" in
        "") COMPREPLY=($(compgen -W "{verbs} {options}" -- "$word")) ;;
{cases}
    esac
    if [ -n "$verb" ] && [ "${{word#-}}" = "$word" ]; then
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}}
complete -o filenames -F _zarrpy zarrpy
"""
_ZSH = "#compdef zarrpy\nautoload -U +X bashcompinit && bashcompinit\n"


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verb to the parser."""
    verb = verbs.add_parser(
        "completion",
        parents=[common],
        description='For bash or zsh: eval "$(zarrpy completion bash)"; for fish: '
        "zarrpy completion fish | source.",
    )
    verb.add_argument("shell", choices=("bash", "zsh", "fish"))
    verb.set_defaults(run=completion, verbs=verbs)


def completion(arguments: argparse.Namespace) -> int:
    """Print the script."""
    options = {verb: _options(arguments.verbs.parser_of(verb)) for verb in VERBS}
    script = _script(arguments, options)
    if arguments.json:
        print_json({"shell": arguments.shell, "script": script})
    else:
        print(script, end="")
    return OK


def _script(arguments: argparse.Namespace, options: dict[str, list[str]]) -> str:
    if arguments.shell == "fish":
        return "".join(f"{line}\n" for line in _fish(options))
    cases = "\n".join(
        f'        {name}) COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$word")) ;;'
        for name, words in options.items()
    )
    given = {"verbs": " ".join(options), "options": "--help --version --json", "cases": cases}
    return (_ZSH if arguments.shell == "zsh" else "") + _BASH.format(**given)


def _options(parser: argparse.ArgumentParser) -> list[str]:
    """Name the options of a verb."""
    return [word for action in parser._actions for word in action.option_strings]


def _fish(options: dict[str, list[str]]) -> list[str]:
    lines = []
    for name, words in options.items():
        told = VERBS[name][1].replace("'", "")
        lines.append(f"complete -c zarrpy -n __fish_use_subcommand -a {name} -d '{told}'")
        for word in words:
            kind = "-l" if word.startswith("--") else "-s"
            seen = f"'__fish_seen_subcommand_from {name}'"
            lines.append(f"complete -c zarrpy -n {seen} {kind} {word.lstrip('-')}")
    return lines
