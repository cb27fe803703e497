import { afterAll, beforeAll, describe, it } from 'vitest'
import { busyCommands } from '../mqadmin/busy-commands.ts'
import { type BusyCluster, busySettings, prepareBusy } from '../mqadmin/busy-state.ts'
import { compareOwn } from '../mqadmin/compare-own.ts'
import { moreBusyCommands } from '../mqadmin/own-commands.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { lacksTools } from '../targets/tooling.ts'

/**
 * The command line of our executable and the official tools, one after the other at the same cluster of ours, while groups of
 * every kind are in the middle of their work.
 */
describe.skipIf(lacksTools('java', 'javac', 'mvn'))(
  'rocketmq mqadmin prints what mqadmin prints of a cluster that works',
  () => {
    let cluster: Cluster
    let prepared: BusyCluster
    beforeAll(async () => {
      cluster = await startCluster({ label: 'mqadmin-own-busy', brokers: 2, target: 'ours', config: busySettings })
      prepared = await prepareBusy(cluster)
    })
    afterAll(async () => {
      await prepared?.close()
      await cluster?.dispose()
    })

    for (const [number, command] of [...moreBusyCommands, ...busyCommands].entries()) {
      it(`${String(number + 1).padStart(3, '0')} ${command.line}`, () => compareOwn(prepared, command))
    }
  },
)
