import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ComparedCommand, commands } from '../mqadmin/commands.ts'
import { furtherCommands } from '../mqadmin/further-commands.ts'
import { neutral } from '../mqadmin/normalise.ts'
import { type Prepared, prepare } from '../mqadmin/state.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { targetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

/**
 * The official tools, run against an official cluster and against ours in the same state. With INTEROP_TARGET=official
 * both clusters are official: that shows that nothing but the servers can make a difference.
 */
describe.skipIf(lacksTools('java', 'javac', 'mvn'))('mqadmin prints the same as for an official cluster', () => {
  const clusters: Cluster[] = []
  let official: Prepared
  let compared: Prepared
  const start = async (target: 'ours' | 'official', label: string): Promise<Prepared> => {
    const cluster = await startCluster({ label, brokers: 2, target })
    clusters.push(cluster)
    return prepare(cluster)
  }
  beforeAll(async () => {
    ;[official, compared] = await Promise.all([
      start('official', 'mqadmin-official'),
      start(targetName(), 'mqadmin-compared'),
    ])
  })
  afterAll(async () => {
    await Promise.all([official?.admin.close(), compared?.admin.close()])
    await Promise.all(clusters.map((cluster) => cluster.dispose()))
  })

  const run = async (prepared: Prepared, { line, args, until }: ComparedCommand): Promise<string> => {
    const words = args?.(prepared) ?? line.split(' ')
    let text = await prepared.admin.run(...words)
    if (until === undefined) return text
    await pollUntil(`${line} prints ${until}`, async () => {
      if (until.test(text)) return true
      text = await prepared.admin.run(...words)
      return until.test(text) || { notYet: text }
    })
    return text
  }
  const printed = async (prepared: Prepared, command: ComparedCommand): Promise<string> => {
    const { also, view = [] } = command
    const words = await run(prepared, command)
    const text = neutral(prepared, also === undefined ? words : `${words}\n${also(prepared)}`)
    return view.reduce((seen, look) => look(seen), text)
  }
  for (const [number, command] of [...commands, ...furtherCommands].entries()) {
    it(`${String(number + 1).padStart(2, '0')} ${command.line}`, async () => {
      const [expected, actual] = await Promise.all([printed(official, command), printed(compared, command)])
      expect(expected.trim()).not.toBe('')
      // Some commands work once in a process: their second run would compare nothing.
      expect(expected).not.toContain('connect to  failed')
      expect(actual).toBe(expected)
    })
  }
})
