import { expect, test } from 'vitest'
import { tools } from '../src/mqadmin/index.ts'
import { refusedTools } from '../src/mqadmin/refused-tools.ts'

const introduction = `# Commands of mqadmin

\`rocketmq mqadmin COMMAND\` has the commands of RocketMQ's own \`mqadmin\` 5.5.0, with its options and what it prints to standard
output. The official \`mqadmin\` works with our servers too. Tests run both at the same cluster and compare all that they print, and
that no command and no option of the official one is missing here. Of \`clusterRT\`, which never ends, the options alone are compared.

Some things are another way for all commands:

- An error is one line on standard error, and the exit code is 1; options that cannot be used have exit code 2. The official
  tools print where in their code it was, and their exit code is 0.
- Where a broker of several fails, the others are asked all the same, and the reasons are on standard error.
- Brokers, topics and groups come in the order of their names where the official tools print them in that of a hash table.

This page is made by a test: \`npx vitest run packages/cli/test/mqadmin-document.test.ts -u\`.
`

const row = (...cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
const byName = ([one]: readonly [string, ...unknown[]], [other]: readonly [string, ...unknown[]]): number =>
  one < other ? -1 : 1

test('docs/mqadmin.md has each command, served or refused', async () => {
  const served = tools.map(({ name, about, differs = '' }): [string, string, string] => [name, about, differs])
  const refused = [...refusedTools].map(([name, reason]): [string, string] => [name, reason])
  const document = [
    introduction,
    `## ${served.length} commands are there`,
    [
      '| command | what it does | other than the official one |',
      '|---|---|---|',
      ...served.toSorted(byName).map((cells) => row(...cells)),
    ].join('\n'),
    `## ${refused.length} commands are refused`,
    ['| command | reason |', '|---|---|', ...refused.toSorted(byName).map((cells) => row(...cells))].join('\n'),
  ].join('\n\n')
  await expect(`${document}\n`).toMatchFileSnapshot('../../../docs/mqadmin.md')
})

test('no command is both there and refused, nor there twice', () => {
  const names = [...tools.map(({ name }) => name), ...refusedTools.keys()].map((name) => name.toLowerCase())
  expect(names.toSorted()).toEqual([...new Set(names)].sort())
})
