// `cto completion SHELL`: a few lines for the shell, which ask `cto` itself what may come next. They never grow old.

import { Argument, Command } from 'commander'
import type { Io } from '../terminal/output.ts'

/** The hidden command that the scripts call. */
export const COMPLETE = '__complete'

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# bash completion for cto. Load it with: source <(cto completion bash)
_cto() {
  local line
  COMPREPLY=()
  while IFS='' read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(cto ${COMPLETE} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _cto cto
`,
  zsh: `#compdef cto
# zsh completion for cto. Load it with: source <(cto completion zsh)
_cto() {
  local line
  local -a candidates
  for line in "\${(@f)$(cto ${COMPLETE} "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#candidates} )); then _describe cto candidates; else _files; fi
}
compdef _cto cto
`,
  fish: `# fish completion for cto. Load it with: cto completion fish | source
function __cto_complete
  set -l words (commandline -opc) (commandline -ct)
  cto ${COMPLETE} $words[2..-1] 2>/dev/null
end
complete -c cto -a '(__cto_complete)'
`,
}

export function completionCommand(io: Io): Command {
  return new Command('completion')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS)))
    .action((shell: string) => io.stdout(SCRIPTS[shell] ?? ''))
}
