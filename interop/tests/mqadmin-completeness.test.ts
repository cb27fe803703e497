import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { busyCommands } from '../mqadmin/busy-commands.ts'
import { commands } from '../mqadmin/commands.ts'
import { type Mqadmin, startMqadmin } from '../mqadmin/mqadmin.ts'
import { moreBusyCommands, moreCommands, neverEnding, withFiles } from '../mqadmin/own-commands.ts'
import { ownHelp, runOwnMqadmin } from '../mqadmin/own-mqadmin.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { lacksTools } from '../targets/tooling.ts'

/** The names in the list of commands. */
const namesIn = (printed: string): string[] =>
  [...printed.matchAll(/^ {3}([a-zA-Z]+) {2,}\S/gm)].map(([, name]) => name!)

/** The options in the help of a command: short and long name, and whether a value follows. */
const optionsIn = (printed: string): string[] =>
  [...printed.matchAll(/^ +(?:-(\w+),)?--([A-Za-z]+)(?: [a-z]+)?( *<arg>)?(?=\s)/gm)]
    .map(([, short = '', long, value]) => `-${short} --${long}${value === undefined ? '' : ' VALUE'}`)
    // Name servers have two spellings; both are known everywhere.
    .filter((option) => !option.startsWith('-n ') && !option.startsWith('-h '))
    .sort()

describe.skipIf(lacksTools('java', 'javac', 'mvn'))('rocketmq mqadmin', () => {
  let cluster: Cluster
  let admin: Mqadmin
  beforeAll(async () => {
    cluster = await startCluster({ label: 'mqadmin-completeness', target: 'ours' })
    admin = await startMqadmin(cluster)
  })
  afterAll(async () => {
    await admin?.close()
    await cluster?.dispose()
  })

  it('has each command of the official mqadmin, or refuses it with a reason', async () => {
    const official = namesIn(await admin.help())
    expect(official.length).toBe(96)
    const served = namesIn(await ownHelp(cluster))
    const refused = official.filter((name) => !served.includes(name))
    expect(served.filter((name) => !official.includes(name))).toEqual([])
    for (const name of refused) {
      const { said, code } = await runOwnMqadmin(cluster, [name])
      expect({ name, said, code }).toEqual({ name, said: expect.stringContaining(`rocketmq: no ${name}: `), code: 1 })
    }
  })

  it('has each option of each command that it has', async () => {
    const served = namesIn(await ownHelp(cluster))
    expect(served.length).toBeGreaterThan(0)
    for (const name of served) {
      const official = optionsIn(await admin.help(name))
      expect({ name, options: optionsIn(await ownHelp(cluster, name)) }).toEqual({ name, options: official })
    }
  })

  it('has what each command that it has prints compared with the official mqadmin', async () => {
    const lines = [...commands, ...moreCommands, ...busyCommands, ...moreBusyCommands].map(({ line }) => line)
    const compared = new Set([...lines.map((line) => line.split(' ')[0]!), ...withFiles, ...neverEnding])
    const served = namesIn(await ownHelp(cluster))
    expect(served.length).toBeGreaterThan(0)
    expect(served.filter((name) => !compared.has(name))).toEqual([])
  })
})
