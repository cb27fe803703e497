import { commands } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { StaticTopicAdmin, startCluster } from '../../src/index.ts'
import type { Proof } from './proofs.ts'

const topic = 'T'
const [old, leader] = ['broker-1', 'broker-2']

/** By the key of the setting. */
export const staticTopicProofs: Readonly<Record<string, Proof>> = {
  async forwardTimeout() {
    const cluster = await startCluster({ brokers: 2 })
    const admin = new StaticTopicAdmin(cluster, cluster.client, topic)
    await admin.create([old!])
    await admin.calls(old!).send({ topic, body: 'a' })
    await admin.move(0, leader!)
    const broker = admin.calls(leader!)
    expect((await broker.pull({ topic, offset: 0 })).messages).toHaveLength(1)
    admin.machine(old!).pause()
    const failsAfterMs = async (): Promise<number> => {
      const startMs = cluster.simulation.monotonic()
      await expect(broker.pull({ topic, offset: 0 })).rejects.toThrow('cannot be asked')
      return cluster.simulation.monotonic() - startMs
    }
    expect(await failsAfterMs()).toBeGreaterThan(2900)
    await broker.ask(commands.updateBrokerConfig, {}, Buffer.from('forwardTimeout=500\n'))
    expect(await failsAfterMs()).toBeLessThan(1200)
    await broker.ask(commands.updateBrokerConfig, {}, Buffer.from('forwardTimeout=9000\n'))
    expect(await failsAfterMs()).toBeGreaterThan(8900)
  },
}
