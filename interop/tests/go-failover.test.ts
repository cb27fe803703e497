import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GoClient, startGoClient } from '../go/go-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import type { ServerProcess } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

describe.skipIf(lacksTools('go'))('the official Go client, with three brokers and two name servers,', () => {
  let cluster: Cluster
  let client: GoClient
  beforeAll(async () => {
    cluster = await startCluster({ label: 'go-failover', nameServers: 2, brokers: 3 })
    client = await startGoClient(cluster)
  })
  afterAll(async () => {
    await client?.close()
    await cluster?.dispose()
  })

  it('loses no acknowledged message when a broker is killed and started again', async () => {
    const broker = at(cluster.brokers, 1)
    const checkpoints = { 'kill-broker': () => broker.kill(), 'start-broker': () => broker.restart() }
    expect(await client.run('broker-killed', { checkpoints })).not.toBe('')
  })

  it('goes on, and finds routes, when one of the name servers is killed', async () => {
    const checkpoints = { 'kill-name-server': () => at(cluster.nameServers, 0).kill() }
    expect(await client.run('name-server-killed', { checkpoints })).not.toBe('')
  })
})

function at(servers: ServerProcess[], index: number): ServerProcess {
  const server = servers[index]
  if (server === undefined) throw new Error(`no server ${index}`)
  return server
}
