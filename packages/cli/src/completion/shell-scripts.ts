export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof shells)[number]

/**
 * What each shell runs. All of them ask the program itself, `rocketmq __complete -- WORDS`, which answers with a line for
 * each candidate: the word, a tab, what it is.
 */
export const shellScripts: Readonly<Record<Shell, string>> = {
  bash: `_rocketmq() {
  local IFS=$'\\n'
  COMPREPLY=($(rocketmq __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _rocketmq rocketmq
`,
  zsh: `#compdef rocketmq
_rocketmq() {
  local -a found
  local line
  for line in "\${(@f)$(rocketmq __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#found} )); then _describe 'rocketmq' found; else _files; fi
}
compdef _rocketmq rocketmq
`,
  fish: `complete -c rocketmq -a '(rocketmq __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
  powershell: `Register-ArgumentCompleter -Native -CommandName rocketmq -ScriptBlock {
  param($typed, $line, $position)
  $words = @($line.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($typed -eq '') { $words += "''" }
  rocketmq __complete -- @words 2>$null | ForEach-Object {
    $value, $about = $_ -split "\`t", 2
    if (-not $about) { $about = $value }
    [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $about)
  }
}
`,
}
