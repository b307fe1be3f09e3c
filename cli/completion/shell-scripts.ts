export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/**
 * The script that each shell sources. At every completion it runs `tenure __complete -- WORD…`, with the program as it was
 * typed. The answer is a line `VALUE<tab>DESCRIPTION` for each candidate, then a line `:`, `:nospace` or `:files`.
 */
export const shellScripts: Readonly<Record<Shell, string>> = {
  // Also runs in bash 3.2: no mapfile, no negative indices, compopt only if it exists.
  bash: `_tenure_complete() {
  local IFS=$'\\n' words=() word gap line rest=\${COMP_LINE:0:COMP_POINT} directive=: i n=0 current before option
  # bash also splits words at ":" and "=". Parts without a space between them belong together.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    gap=\${rest%%[![:space:]]*}
    rest=\${rest#"$gap"}
    ((i < COMP_CWORD)) || word=$rest
    rest=\${rest#"$word"}
    if ((n > 0)) && [[ -z $gap ]]; then
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
  done < <("\${words[0]/#\\~/$HOME}" __complete -- "\${words[@]:1}" 2>/dev/null)
  case $directive in
    :files)
      [[ $current == -*=* ]] && option=\${current%%=*}=
      while IFS= read -r line; do COMPREPLY+=("$option$line"); done < <(compgen -f -- "\${current#"$option"}")
      type compopt >/dev/null 2>&1 && compopt -o filenames
      ;;
    :nospace) type compopt >/dev/null 2>&1 && compopt -o nospace ;;
  esac
  # bash does not replace the part before the last break.
  before=\${current%"\${current##*[$COMP_WORDBREAKS]}"}
  for ((i = 0; i < \${#COMPREPLY[@]}; i++)); do COMPREPLY[i]=\${COMPREPLY[i]#"$before"}; done
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
    :files)
      [[ $PREFIX == -*=* ]] && compset -P 1 '*='
      _files
      ;;
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
        set -l option (string match -r -- '^-[^=]*=' "$current")
        for path in (__fish_complete_path (string replace -r -- '^-[^=]*=' '' "$current"))
          echo "$option$path"
        end
      case ':*'
      case '*'
        echo $line
    end
  end
end
complete -c tenure -f -a '(__tenure_complete)'
`,
};
