export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/**
 * What a shell is to source. Each asks `tenure __complete -- WORD…` at every completion, with the program as it was typed; the answer is a line
 * `VALUE<tab>DESCRIPTION` for each candidate, and last `:`, `:nospace` or `:files`.
 */
export const shellScripts: Readonly<Record<Shell, string>> = {
  // Runs in bash 3.2 too: no mapfile, no negative indices, compopt only where there is one.
  bash: `_tenure_complete() {
  local IFS=$'\\n' words=() word line directive=: i n=0 current
  # bash splits words at "=".
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((n > 0)) && [[ $word == = || ( \${COMP_WORDS[i - 1]} == = && \${words[n - 1]} == -* ) ]]; then
      words[n - 1]=\${words[n - 1]}$word
    else
      words[n]=$word
      n=$((n + 1))
    fi
  done
  current=\${words[n - 1]}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) directive=$line ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]/#\\~/$HOME}" __complete -- "\${words[@]}" 2>/dev/null)
  # What stands before the "=" is not replaced.
  if [[ $current == -*=* && $COMP_WORDBREAKS == *=* ]]; then
    for ((i = 0; i < \${#COMPREPLY[@]}; i++)); do COMPREPLY[i]=\${COMPREPLY[i]#*=}; done
    current=\${current#*=}
  fi
  case $directive in
    :files)
      COMPREPLY=($(compgen -f -- "$current"))
      type compopt >/dev/null 2>&1 && compopt -o filenames
      ;;
    :nospace) type compopt >/dev/null 2>&1 && compopt -o nospace ;;
  esac
  return 0
}
complete -F _tenure_complete tenure
`,
  zsh: `#compdef tenure
_tenure() {
  local -a lines candidates
  local line directive value
  lines=("\${(@f)$("\${(Q)words[1]/#\\~/$HOME}" __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    case $line in
      :*) directive=$line ;;
      *) value=\${line%%$'\\t'*}; candidates+=("\${value//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done
  case $directive in
    :files) _files ;;
    :nospace) _describe tenure candidates -S '' ;;
    *) _describe tenure candidates ;;
  esac
}
if [[ $funcstack[1] == _tenure ]]; then _tenure "$@"; else compdef _tenure tenure; fi
`,
  fish: `function __tenure_complete
  set -l words (commandline -opc)
  set -l program (string replace -r '^~' $HOME -- $words[1])
  set -e words[1]
  set -l current (commandline -ct)
  for line in ($program __complete -- $words "$current" 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path $current
      case ':*'
      case '*'
        echo $line
    end
  end
end
complete -c tenure -f -a '(__tenure_complete)'
`,
};
