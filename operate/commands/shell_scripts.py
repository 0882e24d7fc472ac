"""Scripts that let bash, zsh and fish complete the words of `peerbus`, written from what these are."""

# Law: a script asks nothing of Python when a key is pressed: what can be written stands in it. Only the names of nodes
#      that run it looks up, in the folders where their sockets are.

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from .shell_words import ShellFlag, ShellWord, ValueKind

__all__ = ["SHELLS", "bash_script", "fish_script", "zsh_script"]

Words = tuple[ShellWord, ...]

_BASH = """\
# bash: what peerbus can be told. In ~/.bashrc: source <(peerbus completion bash)
_peerbus_nodes() {
    local socket
    for socket in "${XDG_RUNTIME_DIR:-/nowhere}"/peerbus/*.sock /tmp/peerbus-"$UID"/*.sock ./*.sock; do
        if [ -S "$socket" ]; then
            socket=${socket##*/}
            printf '%s\\n' "${socket%.sock}"
        fi
    done
}

_peerbus() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} path=peerbus takes= words= flags= i
    local IFS=$'\\n'
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$path ${COMP_WORDS[i]}" in
            @PATHS@) path="$path ${COMP_WORDS[i]}" ;;
        esac
    done
    case "$path $before" in
@VALUES@
    esac
    if [ -z "$takes" ]; then
        case "$path" in
@COMMANDS@
        esac
        if [[ $word == -* ]]; then
            takes=words words=$flags
        fi
    fi
    case $takes in
        words) words=${words// /$'\\n'} ;;
        nodes) words=$(_peerbus_nodes) ;;
    esac
    if [ -n "$words" ]; then
        COMPREPLY=($(compgen -W "$words" -- "$word"))
    fi
    case $takes in
        files | nodes)
            compopt -o filenames 2>/dev/null
            COMPREPLY+=($(compgen -f -- "$word"))
            ;;
    esac
}
complete -F _peerbus peerbus
"""

_ZSH = """\
#compdef peerbus
# zsh: what peerbus can be told. Into a file _peerbus of a folder in $fpath, or in ~/.zshrc behind compinit:
# source <(peerbus completion zsh)
_peerbus_nodes() {
    local -a nodes
    nodes=(${XDG_RUNTIME_DIR:-/nowhere}/peerbus/*.sock(N=) /tmp/peerbus-$UID/*.sock(N=) ./*.sock(N=))
    nodes=(${nodes:t:r})
    compadd -a nodes
    _files
}

@FUNCTIONS@

if [ "$funcstack[1]" = _peerbus ]; then
    _peerbus "$@"
else
    compdef _peerbus peerbus
fi
"""

_FISH = """\
# fish: what peerbus can be told. Into ~/.config/fish/completions/peerbus.fish, or: peerbus completion fish | source
function __peerbus_nodes
    for socket in $XDG_RUNTIME_DIR/peerbus/*.sock /tmp/peerbus-(id -u)/*.sock ./*.sock
        test -S $socket; and string replace -r '.*/(.*)\\.sock$' '$1' -- $socket
    end
end

complete -c peerbus -f
"""


def bash_script(words: Words) -> str:
    """For bash, 3.2 or newer."""
    paths = " | ".join(_quoted(f"peerbus {' '.join(word.path)}") for word in words)
    values = [
        f"        {' | '.join(_quoted(f'{_name(word)} {name}') for name in flag.names)}) {_bash_value(flag)} ;;"
        for word in words
        for flag in word.flags
        if flag.takes is not ValueKind.NOTHING
    ]
    top = " ".join(word.path[0] for word in words if len(word.path) == 1)
    commands = [f"            peerbus) takes=words words='{top}' flags='--help --version' ;;"]
    for word in words:
        flags = " ".join(name for flag in word.flags for name in flag.names)
        inside = " ".join(each.path[-1] for each in word.inside(words))
        chosen = inside or " ".join(word.choices)
        takes = "words" if chosen else word.takes.value
        commands.append(
            f"            {_quoted(_name(word))}) takes={takes} words={_quoted(chosen)} flags={_quoted(flags)} ;;"
        )
    filled = _BASH.replace("@PATHS@", paths).replace("@VALUES@", "\n".join(values))
    return filled.replace("@COMMANDS@", "\n".join(commands))


def _bash_value(flag: ShellFlag) -> str:
    if flag.takes is ValueKind.CHOICES:
        return f"takes=words words={_quoted(' '.join(flag.choices))}"
    return f"takes={flag.takes.value}"


def zsh_script(words: Words) -> str:
    """For zsh, 5 or newer."""
    whole = ShellWord(
        (), "", (ShellFlag(("--version",), "say which version this is", ValueKind.NOTHING),), ValueKind.NOTHING, ()
    )
    functions = [_zsh_function(each, words) for each in (whole, *words)]
    return _ZSH.replace("@FUNCTIONS@", "\n\n".join(functions))


def _zsh_function(word: ShellWord, words: Words) -> str:
    inside = word.inside(words)
    specs = [_zsh_flag(flag) for flag in word.flags]
    name = "_".join(("_peerbus", *word.path))
    if not inside:
        if word.takes is not ValueKind.NOTHING:
            specs.append(_quoted(f"*:{word.takes}:{_zsh_action(word.takes, word.choices)}"))
        return f"{name}() {{\n{_zsh_arguments('_arguments -s', specs)}\n}}"
    listed = "\n".join(f"        {_quoted(f'{each.path[-1]}:{each.text}')}" for each in inside)
    cases = "\n".join(f"                {each.path[-1]}) {name}_{each.path[-1]} ;;" for each in inside)
    specs += ["'1: :->word'", "'*:: :->rest'"]
    return f"""{name}() {{
    local curcontext="$curcontext" state line
    typeset -A opt_args
    local -a words_of_it
    words_of_it=(
{listed}
    )
{_zsh_arguments("_arguments -C", specs)}
    case $state in
        word) _describe command words_of_it ;;
        rest)
            case $line[1] in
{cases}
            esac
            ;;
    esac
}}"""


def _zsh_arguments(call: str, specs: Iterable[str]) -> str:
    return " \\\n        ".join((f"    {call}", *specs))


def _zsh_flag(flag: ShellFlag) -> str:
    text = flag.text
    for character in "\\[]:":
        text = text.replace(character, f"\\{character}")
    value = "" if flag.takes is ValueKind.NOTHING else f":value:{_zsh_action(flag.takes, flag.choices)}"
    if len(flag.names) == 1:
        return _quoted(f"{flag.names[0]}[{text}]{value}")
    return f"{_quoted('(' + ' '.join(flag.names) + ')')}{{{','.join(flag.names)}}}{_quoted(f'[{text}]{value}')}"


def _zsh_action(takes: ValueKind, choices: Iterable[str]) -> str:
    return {
        ValueKind.FILES: "_files",
        ValueKind.NODES: "_peerbus_nodes",
        ValueKind.CHOICES: f"({' '.join(choices)})",
    }.get(takes, " ")


def fish_script(words: Words) -> str:
    """For fish, 3 or newer."""
    lines = ["complete -c peerbus -n __fish_use_subcommand -l version -d 'say which version this is'"]
    for word in words:
        before, name = word.path[:-1], word.path[-1]
        siblings = " ".join(each.path[-1] for each in words if each.path[:-1] == before)
        seen = "__fish_use_subcommand"
        if before:
            seen = f"__fish_seen_subcommand_from {before[-1]}; and not __fish_seen_subcommand_from {siblings}"
        lines.append(f"complete -c peerbus -n {_quoted(seen)} -a {name} -d {_fish(word.text)}")
        here = "; and ".join(f"__fish_seen_subcommand_from {each}" for each in word.path)
        if not word.inside(words) and word.takes is not ValueKind.NOTHING:
            lines.append(
                f"complete -c peerbus -n {_quoted(here)} {_fish_value(word.takes, word.choices).removeprefix('-r ')}"
            )
        for flag in word.flags:
            names = " ".join(f"-l {each[2:]}" if each.startswith("--") else f"-s {each[1:]}" for each in flag.names)
            value = "" if flag.takes is ValueKind.NOTHING else f" {_fish_value(flag.takes, flag.choices)}"
            lines.append(f"complete -c peerbus -n {_quoted(here)} {names}{value} -d {_fish(flag.text)}")
    return _FISH + "\n".join(lines) + "\n"


def _fish_value(takes: ValueKind, choices: Iterable[str]) -> str:
    return {
        ValueKind.FILES: "-r -F",
        ValueKind.NODES: "-r -F -a '(__peerbus_nodes)'",
        ValueKind.CHOICES: f"-r -f -a {_fish(' '.join(choices))}",
    }.get(takes, "-r -f")


def _fish(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def _quoted(text: str) -> str:
    """In single quotes, as bash and zsh read them."""
    return "'" + text.replace("'", "'\\''") + "'"


def _name(word: ShellWord) -> str:
    return " ".join(("peerbus", *word.path))


#: By the name of the shell.
SHELLS: Mapping[str, Callable[[Words], str]] = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}
