import { describe, expect, test } from 'vitest'
import { Consumer, Producer, type ProducerOptions, RocketMQError, type TransactionState } from '../../src/index.ts'
import { openTransaction } from '../../src/producer/transactions.ts'
import { clientMachine, type Scene, startScene } from '../client-kit.ts'

const brokerSettings = { transactionTimeOut: '1000', transactionCheckInterval: '2000' }

function newProducer(scene: Scene, options: Partial<ProducerOptions> = {}): Producer {
  return new Producer({ ...scene.client(), group: 'shop', checkTransaction: () => 'unknown', ...options })
}

describe('a transaction', () => {
  test('is delivered when it is committed, never when it is rolled back, several at a time', async () => {
    const scene = await startScene({ brokerSettings })
    await scene.createTopic('T', 1)
    const producer = newProducer(scene)
    const open = await scene.settle(
      Promise.all(['a', 'b', 'c'].map((body) => producer.beginTransaction({ topic: 'T', body }))),
    )
    expect(await scene.bodies('T')).toEqual([])
    await scene.settle(open[1]!.commit())
    await scene.settle(open[0]!.rollback())
    await scene.settle(open[2]!.commit())
    await scene.cluster.sleep(30_000)
    expect(await scene.bodies('T')).toEqual(['b', 'c'])
    await scene.settle(producer.close())
  })

  test('ends once, and is rolled back when it is left without an end', async () => {
    const scene = await startScene({ brokerSettings })
    await scene.createTopic('T', 1)
    const producer = newProducer(scene, { checkTransaction: () => 'commit' })
    const committed = await scene.settle(producer.beginTransaction({ topic: 'T', body: 'a' }))
    await scene.settle(committed.commit())
    expect(await scene.failure(committed.rollback())).toMatchObject({ code: 'INVALID_ARGUMENT' })
    const left = await scene.settle(producer.beginTransaction({ topic: 'T', body: 'b' }))
    await scene.settle(Promise.resolve(left[Symbol.asyncDispose]()))
    await scene.cluster.sleep(30_000)
    expect(await scene.bodies('T')).toEqual(['a'])
    await scene.settle(producer.close())
  })

  test('whose producer is killed is finished by the checker of another one', async () => {
    const scene = await startScene({ brokerSettings })
    await scene.createTopic('T', 1)
    const machine = clientMachine(scene.cluster)
    const first = newProducer(scene, scene.client(machine))
    for (const [body, keys] of [
      ['a', 'commit'],
      ['b', 'rollback'],
    ] as const) {
      await scene.settle(first.beginTransaction({ topic: 'T', body, keys }))
    }
    machine.kill()
    const checked: string[] = []
    const second = newProducer(scene, {
      checkTransaction: ({ keys, body, topic }) => {
        checked.push(`${topic} ${body}`)
        return keys[0] as TransactionState
      },
    })
    // It is known to the broker from its first send on.
    await scene.settle(second.send({ topic: 'T', body: 'other' }))
    await scene.cluster.until('a is delivered', async () => (await scene.bodies('T')).includes('a'), 120_000)
    await scene.cluster.until('b was asked for', () => checked.includes('T b'), 120_000)
    await scene.cluster.sleep(30_000)
    expect((await scene.bodies('T')).sort()).toEqual(['a', 'other'])
    await scene.settle(second.close())
  })

  test('is asked for again when the checker fails', async () => {
    const scene = await startScene({ brokerSettings })
    await scene.createTopic('T', 1)
    let checks = 0
    const producer = newProducer(scene, {
      checkTransaction: () => {
        if (++checks === 1) throw new Error('the database is away')
        return checks === 2 ? ('nonsense' as TransactionState) : 'commit'
      },
    })
    await scene.settle(producer.beginTransaction({ topic: 'T', body: 'a' }))
    await scene.cluster.until('it is delivered', async () => (await scene.bodies('T')).includes('a'), 120_000)
    expect(checks).toBe(3)
    await scene.settle(producer.close())
  })

  test('needs a checker', async () => {
    const scene = await startScene()
    const producer = newProducer(scene, { checkTransaction: undefined })
    const error = await scene.failure(producer.beginTransaction({ topic: 'T', body: 'a' }))
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' })
    await scene.settle(producer.close())
  })

  test('shows consumers its message once, as it was sent', async () => {
    const scene = await startScene({ brokerSettings })
    await scene.createTopic('T', 1)
    const producer = newProducer(scene)
    const seen: string[] = []
    const consumer = new Consumer({
      ...scene.client(),
      group: 'readers',
      topics: 'T',
      from: 'earliest',
      handler: ({ body, tag, messageId, properties }) => void seen.push(`${body} ${tag} ${messageId} ${properties.p}`),
    })
    await scene.settle(consumer.start())
    const message = { topic: 'T', body: 'a', tag: 'x', properties: { p: 'v' } }
    const transaction = await scene.settle(producer.beginTransaction(message))
    await scene.settle(transaction.commit())
    await scene.cluster.sleep(20_000)
    expect(seen).toEqual([`a x ${transaction.receipt.messageId} v`])
    await scene.settle(Promise.all([consumer.close(), producer.close()]))
  })

  test('whose place the broker did not tell is an error that says so', () => {
    const receipt = {
      status: 'STORED',
      messageId: 'A',
      offsetMessageId: '',
      queue: { topic: 'T', broker: 'broker-1', queueId: 0 },
      queueOffset: 0,
    } as const
    const open = () => openTransaction(undefined as never, 'T', receipt)
    expect(open).toThrow(RocketMQError)
    expect(open).toThrow(expect.objectContaining({ code: 'INVALID_ANSWER', outcome: 'unknown', broker: 'broker-1' }))
  })
})
