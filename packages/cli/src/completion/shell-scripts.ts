export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof shells)[number]

/** A variable of the environment: the words as a list in JSON, where a shell cannot hand them on as arguments. */
export const wordsVariable = 'ROCKETMQ_COMPLETE_WORDS'

/**
 * What each shell runs. All of them ask the program itself, `rocketmq __complete -- WORDS`, which answers with a line for
 * each candidate: the word, a tab, what it is. Where there is none, names of files are completed.
 */
export const shellScripts: Readonly<Record<Shell, string>> = {
  // Bash makes words of their own of colons and equals signs, and replaces what is behind the last one alone.
  bash: `_rocketmq() {
  local line=\${COMP_LINE:0:COMP_POINT} word
  local -a words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  words=("\${words[@]//[\\"\\']/}")
  word=\${words[\${#words[@]} - 1]}
  local IFS=$'\\n'
  COMPREPLY=($(rocketmq __complete -- "\${words[@]:1}" 2>/dev/null | cut -f1))
  COMPREPLY=("\${COMPREPLY[@]#"\${word%"\${word##*[:=]}"}"}")
}
complete -o default -F _rocketmq rocketmq
`,
  // It may be sourced, or stand as _rocketmq in a folder of $fpath: then it is the function itself at its first use.
  zsh: `#compdef rocketmq
_rocketmq() {
  local -a found
  local line
  for line in "\${(@f)$(rocketmq __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#found} )); then _describe 'rocketmq' found; else _files; fi
}
if [[ \${funcstack[1]} == _rocketmq ]]; then
  _rocketmq "$@"
else
  (( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit }
  compdef _rocketmq rocketmq
fi
`,
  fish: `function __rocketmq_complete
  set -l found (rocketmq __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c rocketmq -f -a '(__rocketmq_complete)'
`,
  // The words go by the environment: PowerShell hands on no empty word to a program, breaks quotes and backslashes up to 7.2, and
  // takes -- for its own where npm has installed the program. Words end where the cursor is.
  powershell: `Register-ArgumentCompleter -Native -CommandName rocketmq -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  Set-StrictMode -Off
  $ErrorActionPreference = 'SilentlyContinue'
  $PSNativeCommandUseErrorActionPreference = $false
  $words = @()
  $typed = ''
  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
    $extent = $element.Extent
    if ($extent.StartOffset -ge $cursorPosition) { break }
    if ($extent.EndOffset -ge $cursorPosition) {
      $typed = $extent.Text.Substring(0, $cursorPosition - $extent.StartOffset) -replace '[''"]'
      break
    }
    if ($element.Value -is [string]) { $words += $element.Value } else { $words += $extent.Text }
  }
  $exitCode = $global:LASTEXITCODE
  $env:${wordsVariable} = ConvertTo-Json -Compress -InputObject @($words + $typed)
  try {
    $lines = @(rocketmq __complete 2>$null)
  } finally {
    Remove-Item Env:${wordsVariable}
    $global:LASTEXITCODE = $exitCode
  }
  foreach ($line in $lines) {
    $value, $about = "$line" -split "\`t", 2
    if (-not $value) { continue }
    if (-not $about) { $about = $value }
    $text = $value
    if ($value -notmatch '^[\\w.:/%+=-]+$') { $text = "'" + $value.Replace("'", "''") + "'" }
    [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $about)
  }
}
`,
}
