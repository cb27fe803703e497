import { complete } from '../completion/complete.ts'
import { type Shell, shellScripts, shells, wordsVariable } from '../completion/shell-scripts.ts'
import { choiceArgument, command, manyArguments, own } from '../table/define.ts'
import { UsageError } from '../usage-error.ts'

export const completionCommand = command({
  name: 'completion',
  about: 'Writes what a shell needs to complete commands, options, and names of the cluster.',
  example:
    'source <(rocketmq completion bash)\nsource <(rocketmq completion zsh)\nrocketmq completion fish | source\nrocketmq completion powershell | Out-String | Invoke-Expression',
  arguments: { shell: choiceArgument(shells, 'the shell') },
  isLocal: true,
  output: own,
  async run(session, { shell }) {
    await session.host.write(shellScripts[shell as Shell])
    return 0
  },
})

/** What the shells ask. */
export const completeCommand = command({
  name: '__complete',
  about: 'Completes words for a shell.',
  example: 'rocketmq __complete -- topic show ord',
  arguments: { words: manyArguments('what is typed', (text) => text, { isOptional: true }) },
  isLocal: true,
  isHidden: true,
  takesAll: true,
  output: own,
  async run(session, { words }) {
    const typed = words.length > 0 ? words : wordsOf(session.host.environment[wordsVariable])
    const found = await complete(session.program, typed[0] === '--' ? typed.slice(1) : typed, session.host)
    const lines = found.map(({ value, about }) => `${value}\t${about.split('\n')[0]}\n`)
    await session.host.write(lines.join(''))
    return 0
  },
})

/** @throws UsageError */
function wordsOf(text = '[]'): readonly string[] {
  try {
    const words: unknown = JSON.parse(text)
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words
  } catch {
    // It is none, as below.
  }
  throw new UsageError(`${wordsVariable} is no list of texts in JSON`)
}
