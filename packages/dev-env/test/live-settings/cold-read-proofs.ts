import { expect } from 'vitest'
import type { Proof } from './proofs.ts'
import { Scene } from './scene.ts'

const count = 40
/** Messages that are read from the file at a time. */
const readTogether = 8

/** A broker whose messages are in its files alone, and a pull of some that were not read yet. */
async function withOldMessages(brokerSettings: Record<string, string>) {
  const scene = await Scene.start(brokerSettings)
  await scene.broker.createTopic('T', 1)
  for (let sent = 0; sent < count; sent++) await scene.broker.send({ topic: 'T', body: 'x'.repeat(100_000) })
  await scene.machine.stop()
  await scene.machine.start()
  const broker = scene.cluster.newClient().broker(scene.machine)
  let offset = 0
  const pull = async (group: string): Promise<'waits' | 'is answered'> => {
    const answer = broker.pull({ topic: 'T', group, offset, countMax: 1 })
    offset += readTogether
    await scene.cluster.sleep(100)
    const held = scene.machine.server.stats().reading.heldColdPulls
    if (held === 0) await answer
    else await Promise.all([answer, scene.cluster.sleep(6000)])
    return held === 0 ? 'is answered' : 'waits'
  }
  const change = async (settings: Record<string, string>): Promise<void> => {
    await broker.changeSettings(settings)
  }
  return { pull, change }
}

/** By key: settings that limit how much is read of messages that are not in memory any more. */
export const coldReadProofs: Readonly<Record<string, Proof>> = {
  async coldDataFlowControlEnable() {
    const { pull, change } = await withOldMessages({ cgColdReadThreshold: '1' })
    expect([await pull('g'), await pull('g')]).toEqual(['is answered', 'is answered'])
    await change({ coldDataFlowControlEnable: 'true' })
    expect([await pull('g'), await pull('g')]).toEqual(['is answered', 'waits'])
  },

  async cgColdReadThreshold() {
    const { pull, change } = await withOldMessages({ coldDataFlowControlEnable: 'true' })
    expect([await pull('g'), await pull('g')]).toEqual(['is answered', 'is answered'])
    await change({ cgColdReadThreshold: '1' })
    expect(await pull('g')).toBe('waits')
  },

  async globalColdReadThreshold() {
    const { pull, change } = await withOldMessages({ coldDataFlowControlEnable: 'true' })
    expect([await pull('g'), await pull('h')]).toEqual(['is answered', 'is answered'])
    await change({ globalColdReadThreshold: '150000' })
    expect(await pull('g')).toBe('waits')
  },
}
