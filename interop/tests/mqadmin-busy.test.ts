import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { busyCommands, type SettlingCommand } from '../mqadmin/busy-commands.ts'
import { type BusyCluster, busySettings, prepareBusy } from '../mqadmin/busy-state.ts'
import { neutral } from '../mqadmin/normalise.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { targetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

/**
 * The official tools, run against an official cluster and against ours while groups of every kind are in the middle of their work.
 * With INTEROP_TARGET=official both clusters are official.
 */
describe.skipIf(lacksTools('java', 'javac', 'mvn'))(
  'mqadmin prints the same as for an official cluster that works',
  () => {
    const clusters: Cluster[] = []
    let official: BusyCluster
    let compared: BusyCluster
    const start = async (target: 'ours' | 'official', label: string): Promise<BusyCluster> => {
      const cluster = await startCluster({ label, brokers: 2, target, config: busySettings })
      clusters.push(cluster)
      return prepareBusy(cluster)
    }
    beforeAll(async () => {
      ;[official, compared] = await Promise.all([
        start('official', 'mqadmin-busy-official'),
        start(targetName(), 'mqadmin-busy-compared'),
      ])
    })
    afterAll(async () => {
      await Promise.all([official?.close(), compared?.close()])
      await Promise.all(clusters.map((cluster) => cluster.dispose()))
    })

    const printed = async (cluster: BusyCluster, { line, args, view = [] }: SettlingCommand): Promise<string> => {
      const text = neutral(cluster, await cluster.admin.run(...(args?.(cluster) ?? line.split(' '))))
      return view.reduce((seen, look) => look(seen), text.replaceAll(cluster.clientId, '<client>'))
    }
    const both = (command: SettlingCommand) => Promise.all([printed(official, command), printed(compared, command)])

    for (const [number, command] of busyCommands.entries()) {
      it(`${String(number + 1).padStart(3, '0')} ${command.line}`, async () => {
        let [expected, actual] = await both(command)
        if (command.settles && actual !== expected) {
          await pollUntil('the same answers', async () => {
            ;[expected, actual] = await both(command)
            return actual === expected || { notYet: 'they differ' }
          }).catch(() => {})
        }
        expect(expected.trim()).not.toBe('')
        expect(actual).toBe(expected)
      })
    }
  },
)
