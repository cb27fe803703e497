import { type AnyCommand, commands, responseCodeName } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { areas } from './areas.ts'
import { type CommandKey, type Promises, Scene } from './scene.ts'

const file = '../../../../docs/features.md'

const introduction = `# Features

Every request code of RocketMQ 5.5.0 that a client, a tool or another server can send to a broker or a name server: whether
it is served, or with which reason it is refused. The promises of a served code are the titles of its tests in
\`packages/dev-env/test/commands\`. This file is made by one of these tests, which asks running servers:
\`npx vitest run packages/dev-env/test/commands/features-document.test.ts -u\`.
`

const titles = { broker: 'Broker', 'name-server': 'Name server' } as const

function promisesOf(key: CommandKey): { area: string; promises: string[] } | undefined {
  for (const [area, proofs] of Object.entries<Promises>(areas)) {
    const proofsOfCommand = proofs[key]
    if (proofsOfCommand !== undefined) return { area, promises: Object.keys(proofsOfCommand) }
  }
  return undefined
}

const fileName = (area: string): string => `${area.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.ts`
const inCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const row = (cells: readonly (string | number)[]): string =>
  `| ${cells.map((cell) => inCell(String(cell))).join(' | ')} |`

async function tablesOf(to: keyof typeof titles): Promise<string> {
  const { broker, nameServer } = await Scene.start()
  const served: string[] = []
  const refused: string[] = []
  const ofServer = (Object.entries(commands) as [CommandKey, AnyCommand][])
    .filter(([, command]) => command.to.includes(to))
    .sort(([, one], [, other]) => one.code - other.code)
  for (const [key, command] of ofServer) {
    const { code, remark } = await (to === 'broker' ? broker : nameServer).call(command, {})
    if (responseCodeName(code) === 'REQUEST_CODE_NOT_SUPPORTED') {
      refused.push(row([command.code, command.name, remark ?? '']))
      continue
    }
    const { area, promises } = promisesOf(key)!
    served.push(row([command.code, command.name, promises.join('; '), fileName(area)]))
  }
  return [
    `## ${titles[to]}: ${served.length} codes are served`,
    ['| code | command | promises | tests |', '|---|---|---|---|', ...served].join('\n'),
    `## ${titles[to]}: ${refused.length} codes are refused`,
    ['| code | command | reason |', '|---|---|---|', ...refused].join('\n'),
  ].join('\n\n')
}

test('docs/features.md says of each command what running servers say of it', async () => {
  const document = [introduction, await tablesOf('broker'), '', await tablesOf('name-server'), ''].join('\n')
  await expect(document).toMatchFileSnapshot(file)
})
