import { describe, expect, test } from 'vitest'
import { Producer } from '../../src/index.ts'
import { clientMachine, startScene } from '../client-kit.ts'

describe('an idempotent producer', () => {
  test('has each message stored once when answers are lost, connections end and brokers are killed', async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const scene = await startScene({ seed, brokers: 2, brokerSettings: { idempotentProducerEnable: 'true' } })
      await scene.createTopic('T', 2)
      const machine = clientMachine(scene.cluster)
      const producer = new Producer({ ...scene.client(machine), group: 'shop', idempotent: true })
      const { network, brokers } = scene.cluster
      const sending: Promise<unknown>[] = []
      for (let n = 0; n < 80; n++) {
        sending.push(producer.send({ topic: 'T', body: `m${n}` }, { timeoutMs: 120_000 }))
        await scene.cluster.sleep(20)
        if (n % 20 === 4) network.block(brokers[0]!.host, machine.host)
        if (n % 20 === 9) network.heal()
        if (n % 20 === 13) for (const connection of network.connections()) network.reset(connection)
        if (n === 37) brokers[1]!.kill()
        if (n === 55) await brokers[1]!.start()
      }
      await scene.settle(Promise.all(sending))
      const stored: string[] = []
      for (const broker of [0, 1]) {
        for (const queueId of [0, 1]) stored.push(...(await scene.bodies('T', { broker, queueId })))
      }
      expect(stored.sort()).toEqual(Array.from({ length: 80 }, (_, n) => `m${n}`).sort())
      await scene.settle(producer.close())
    }
  })

  test('is never further ahead of a message that is still tried than brokers remember', async () => {
    const scene = await startScene({ brokerSettings: { idempotentProducerEnable: 'true' } })
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', idempotent: true })
    const sending = Array.from({ length: 500 }, (_, n) => producer.send({ topic: 'T', body: `${n}` }))
    await scene.settle(Promise.all(sending))
    expect((await scene.bodies('T')).length).toBe(500)
    const many = Array.from({ length: 300 }, (_, n) => ({ topic: 'T', body: `many ${n}` }))
    const receipts = await scene.settle(producer.send(many))
    expect(receipts.length).toBe(300)
    await scene.settle(producer.close())
  })
})
