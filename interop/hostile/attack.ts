import { type Cluster, startCluster } from '../targets/cluster.ts'
import { GoodClient } from './good-client.ts'

/** A cluster of our servers, and a client that goes on using it whatever others do. */
export interface Battlefield {
  readonly cluster: Cluster
  /** host:port of the broker. */
  readonly broker: string
  readonly brokerPid: number
  readonly nameServer: string
  readonly nameServerPid: number
  readonly good: GoodClient
  dispose(): Promise<void>
}

export async function openBattlefield(label: string, config: Record<string, string> = {}): Promise<Battlefield> {
  const cluster = await startCluster({ label, target: 'ours', config })
  const broker = cluster.brokers[0]!
  const nameServer = cluster.nameServers[0]!
  const good = await GoodClient.start(broker.address, 'good')
  return {
    cluster,
    broker: broker.address,
    brokerPid: broker.pid,
    nameServer: nameServer.address,
    nameServerPid: nameServer.pid,
    good,
    async dispose() {
      try {
        await good.stop()
      } finally {
        await cluster.dispose()
      }
    },
  }
}
