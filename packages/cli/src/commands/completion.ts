import { usageError } from '../cli-error.js';
import { COMPLETE } from '../completing/offer-lines.js';
import { didYouMean } from '../did-you-mean.js';
import type { Args, Result } from '../types.js';

const SHELLS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

export async function completion({ operand }: Args): Promise<Result> {
  const script = Object.hasOwn(SHELLS, operand) ? SHELLS[operand] : undefined;
  if (!script) {
    const meant = didYouMean(operand, Object.keys(SHELLS));
    throw usageError(`completion: knows bash, zsh and fish, not ${JSON.stringify(operand)}.${meant}`);
  }
  const text = script().trim();
  return { value: { shell: operand, script: text }, lines: text.split('\n'), essential: true };
}

// The scripts only ask us, and offer what comes back: what there is to offer is in one place for all shells. Whom they ask is the program that stands on
// the line, and never one of a directory that the line counts from: nobody has said yet that it is to run. Bash splits words also at : and =, and
// replaces only what stands behind the last of them; what it is offered it inserts as it is, so that names are quoted here. In a word with quotation marks
// of its own they would have to be quoted otherwise, and are left out.
function bash(): string {
  return String.raw`
_weightseal() {
  [[ ${'$'}{COMP_WORDS[0]} == */* && ${'$'}{COMP_WORDS[0]} != /* ]] && return
  local line=${'$'}{COMP_LINE:0:COMP_POINT} word i at=-1 dashes=-1
  local -a typed=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    if [[ $i -eq 0 || $line == [[:blank:]]* || -z $line ]]; then
      line=${'$'}{line#"${'$'}{line%%[![:blank:]]*}"}
      typed+=('') && ((at++))
    fi
    if ((i < COMP_CWORD)); then word=${'$'}{COMP_WORDS[i]}; else word=$line; fi
    [[ $word == -- && $dashes -lt 0 && $i -lt $COMP_CWORD ]] && dashes=$i
    line=${'$'}{line#"$word"}
    typed[at]+=$word
  done
  local raw=${'$'}{typed[at]} quoted=
  typed=("${'$'}{typed[@]//[\\\'\"]/}")
  local current=${'$'}{typed[at]} prefix= kind value about cut=
  local -a offers=()
  [[ $COMP_WORDBREAKS == *=* && $current == *=* ]] && cut=${'$'}{current%"${'$'}{current##*=}"}
  [[ $COMP_WORDBREAKS == *:* && $current == *:* ]] && cut=${'$'}{current%"${'$'}{current##*:}"}
  while IFS=$'\t' read -r kind value about; do
    case $kind in
      word) value=$prefix$value && offers+=("${'$'}{value#"$cut"}") && [[ $value == *[:/=] ]] && compopt -o nospace ;;
      prefix) prefix=$value ;;
      files) compopt -o default ;;
      directories) compopt -o dirnames ;;
      paths)
        if [[ $COMP_WORDBREAKS == *:* ]]; then compopt -o default
        else
          compopt -o nospace
          while IFS= read -r word; do offers+=("$prefix$value$word"); done < <(compgen -f -- "${'$'}{current#"$prefix$value"}")
        fi ;;
      command)
        if declare -F _comp_command_offset > /dev/null; then _comp_command_offset $((dashes + 1)) && return
        elif declare -F _command_offset > /dev/null; then _command_offset $((dashes + 1)) && return
        elif ((COMP_CWORD == dashes + 1)); then
          while IFS= read -r word; do offers+=("$word"); done < <(compgen -c -- "$current")
          compopt -o default
        else compopt -o default; fi ;;
    esac
  done < <("${'$'}{COMP_WORDS[0]}" ${COMPLETE} "${'$'}{typed[@]:1}" 2> /dev/null)
  COMPREPLY=()
  for word in "${'$'}{offers[@]}"; do
    printf -v quoted %q "$word"
    [[ $raw == *[\'\"]* && $quoted != "$word" ]] || COMPREPLY+=("$quoted")
  done
}
complete -F _weightseal weightseal
`;
}

function zsh(): string {
  return String.raw`
#compdef weightseal
_weightseal() {
  [[ ${'$'}{(Q)words[1]} == */* && ${'$'}{(Q)words[1]} != /* ]] && return 0
  local line kind rest prefix=
  local -a values shown joined before
  before=("${'$'}{(@Q)words[2,CURRENT-1]}")
  for line in "${'$'}{(@f)$("${'$'}{(Q)words[1]}" ${COMPLETE} "${'$'}{before[@]}" "${'$'}{(Q)PREFIX}" 2> /dev/null)}"; do
    kind=${'$'}{line%%$'\t'*} rest=${'$'}{line#*$'\t'}
    case $kind in
      prefix) compset -P "${'$'}{(b)rest}" ;;
      word)
        if [[ $rest == *[:/=]$'\t'* ]]; then joined+=("${'$'}{rest%%$'\t'*}")
        else
          values+=("${'$'}{rest%%$'\t'*}")
          shown+=("${'$'}{rest%%$'\t'*}${'$'}{${'$'}{rest#*$'\t'}:+  -- ${'$'}{rest#*$'\t'}}")
        fi ;;
      files) _files ;;
      directories) _files -/ ;;
      paths) compset -P "${'$'}{(b)rest}" && _files ;;
      command)
        shift $((rest + 1)) words
        ((CURRENT -= rest + 1))
        _normal ;;
    esac
  done
  (($#values)) && compadd -l -d shown -a values
  (($#joined)) && compadd -S '' -a joined
  return 0
}
if [[ ${'$'}{funcstack[1]} == _weightseal ]]; then _weightseal "$@"; else compdef _weightseal weightseal; fi
`;
}

function fish(): string {
  return String.raw`
function __weightseal_complete
    set -l typed (commandline -opc)
    set -l program $typed[1]
    string match -q -r '^[^/].*/' -- $program; and return
    set -e typed[1]
    set -l current (commandline -ct)
    set -l prefix ''
    for line in ($program ${COMPLETE} $typed "$current" 2> /dev/null)
        set -l offer (string split -m 2 \t -- $line)
        switch $offer[1]
            case word
                printf '%s%s\t%s\n' $prefix $offer[2] $offer[3]
            case prefix
                set prefix $offer[2]
            case files
                __fish_complete_path (string sub -s (math 1 + (string length -- $prefix)) -- "$current") | string replace -r '^' -- $prefix
            case directories
                __fish_complete_directories (string sub -s (math 1 + (string length -- $prefix)) -- "$current") '' | string replace -r '^' -- $prefix
            case paths
                set -l before $prefix$offer[2]
                __fish_complete_path (string sub -s (math 1 + (string length -- $before)) -- "$current") | string replace -r '^' -- $before
            case command
                set -l rest $typed
                set -e rest[1..$offer[2]]
                complete -C (string join ' ' -- (string escape -- $rest) "$current")
        end
    end
end
complete -c weightseal -f -a '(__weightseal_complete)'
`;
}
