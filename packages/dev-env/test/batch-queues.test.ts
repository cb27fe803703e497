import { commands, decodeBatchBody, parseOffsetMessageId } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { type BrokerCalls, PopConsumer, type ReadMessage } from '../src/index.ts'
import { bodiesOf, codeOf, Scene } from './commands/scene.ts'

const attributes = '+queue.type=BatchCQ'
let scene: Scene

async function started(brokerSettings: Record<string, string> = {}): Promise<BrokerCalls> {
  scene = await Scene.start({ brokerSettings })
  await scene.broker.createTopic('B', 1, 6, attributes)
  return scene.broker
}

const batchOf = (names: string, topic = 'B') =>
  [...names].map((body) => ({ topic, body, properties: { UNIQ_KEY: `id-${body}`, KEYS: `key-${body}` } }))

const sendWhole = (calls: BrokerCalls, names: string) => calls.sendBatch(batchOf(names), `batch-${names}`)

/** Bodies of the messages in records. */
const bodiesIn = (records: readonly ReadMessage[]): string[] =>
  records.flatMap(({ sysFlag, body }) =>
    (sysFlag & 0x80) === 0 ? [String(body)] : decodeBatchBody(body).map((one) => String(one.body)),
  )

async function readAll(calls: BrokerCalls): Promise<string> {
  return bodiesIn(await calls.readQueue('B')).join('')
}

describe('a topic with queues of batches', () => {
  test('stores a batch with an id of its own as one record, and all else as messages', async () => {
    const broker = await started()
    const first = await sendWhole(broker, 'abc')
    expect([first.queueOffset, new Set(first.messageIds).size]).toEqual([0, 1])
    expect((await broker.send({ topic: 'B', body: 'd' })).queueOffset).toBe(3)
    const split = await broker.sendBatch(batchOf('ef'))
    expect([split.queueOffset, new Set(split.messageIds).size]).toEqual([4, 2])
    expect((await sendWhole(broker, 'gh')).queueOffset).toBe(6)
    expect(await broker.maxOffset('B')).toBe(8)
    const records = await broker.readQueue('B')
    expect(records.map(({ queueOffset, sysFlag }) => [queueOffset, sysFlag])).toEqual([
      ...[
        [0, 192],
        [3, 0],
        [4, 0],
        [5, 0],
        [6, 192],
      ],
    ])
    expect(records[0]!.properties.get('INNER_NUM')).toBe('3')
    expect(records[4]!.properties.get('INNER_BASE')).toBe('6')
    expect(parseOffsetMessageId(first.messageIds[0]!).physicalOffset).toBe(records[0]!.physicalOffset)
    expect(bodiesIn(records).join('')).toBe('abcdefgh')
    const inside = await broker.pull({ topic: 'B', offset: 1, countMax: 1 })
    expect([bodiesIn(inside.messages).join(''), inside.nextOffset]).toEqual(['abc', 3])
  })

  test('is as it was after a stop, a kill and a failure of the power', async () => {
    let broker = await started()
    let sent = ''
    const ends = [() => scene.machine.stop(), () => scene.machine.kill(), () => scene.machine.powerLoss()]
    for (const [index, end] of ends.entries()) {
      const names = 'abcdefgh'.slice(0, 3 + index)
      await sendWhole(broker, names)
      sent += names
      // What is synced by then survives the power.
      await scene.cluster.sleep(2000)
      await end()
      await scene.machine.start()
      broker = scene.newClient().broker(scene.machine)
      expect(await readAll(broker)).toBe(sent)
      expect(await broker.maxOffset('B')).toBe(sent.length)
    }
  })

  test('refuses what no broker could tell from a batch', async () => {
    const broker = await started({ mappedFileSizeCommitLog: String(1024 * 1024) })
    await expect(broker.send({ topic: 'B', properties: { INNER_NUM: '2' } })).rejects.toMatchObject({ code: 13 })
    const delayed = [{ topic: 'B', properties: { DELAY: '1' } }]
    await expect(broker.sendBatch(delayed, 'id')).rejects.toMatchObject({ code: 13 })
    const many = Array.from({ length: 32_768 }, () => ({ topic: 'B' }))
    await expect(broker.sendBatch(many, 'id')).rejects.toMatchObject({ code: 13 })
    expect((await broker.sendBatch(many.slice(1), 'id')).queueOffset).toBe(0)
    expect(await broker.maxOffset('B')).toBe(32_767)
  })

  test('takes one message of a batch back, and not the batch', async () => {
    const broker = await started()
    await scene.join('g', 'B', scene.client)
    await sendWhole(broker, 'abc')
    const [batch] = await broker.readQueue('B')
    await expect(broker.sendBack(batch!, 'g', 1)).rejects.toMatchObject({ code: 1 })
    await broker.sendBack({ ...batch!, properties: new Map([['UNIQ_KEY', 'id-b']]) }, 'g', 1)
    await scene.cluster.sleep(1500)
    const [again, ...others] = await broker.readQueue('%RETRY%g')
    expect(others).toEqual([])
    expect([String(again!.body), again!.sysFlag, again!.reconsumeTimes]).toEqual(['b', 0, 1])
    expect(again!.properties.get('KEYS')).toBe('key-b')
  })

  test('gives a batch by POP as it is stored, and its messages one by one when it was not acknowledged', async () => {
    const broker = await started()
    const consumer = new PopConsumer(broker, scene.machine.name, 'g', 'B')
    expect((await consumer.pop()).messages).toEqual([])
    await sendWhole(broker, 'abc')
    await sendWhole(broker, 'de')
    const first = await consumer.pop({ maxMsgNums: 2, invisibleTime: 3000 })
    expect(first.messages.map(({ queueOffset }) => queueOffset)).toEqual([0])
    expect(bodiesIn(first.messages)).toEqual(['a', 'b', 'c'])
    const second = await consumer.pop({ maxMsgNums: 2, invisibleTime: 3000 })
    expect(bodiesIn(second.messages)).toEqual(['d', 'e'])
    expect(await consumer.ack(second.messages[0]!)).toBe('SUCCESS')
    expect((await consumer.pop()).messages).toEqual([])
    await scene.cluster.sleep(15_000)
    expect(bodiesOf((await consumer.pop({ maxMsgNums: 32 })).messages).sort()).toEqual(['a', 'b', 'c'])
  })

  test('is not made where another kind of queues is left, and goes on where its own are left', async () => {
    const broker = await started()
    await broker.send({ topic: 'Auto', body: 'x' })
    await sendWhole(broker, 'abc')
    await scene.restart(() => scene.machine.disk.removeFolder('/data/store/config'))
    const again = scene.newClient().broker(scene.machine)
    await expect(again.createTopic('Auto', 1, 6, attributes)).rejects.toMatchObject({ code: 29 })
    await expect(again.createTopic('B', 1, 6)).rejects.toMatchObject({ code: 29 })
    await again.createTopic('B', 1, 6, attributes)
    expect(await readAll(again)).toBe('abc')
    await again.deleteTopic('Auto')
    await again.createTopic('Auto', 1, 6, attributes)
    expect(await again.maxOffset('Auto')).toBe(0)
  })

  test('that is deleted and made again begins anew, of either kind', async () => {
    const broker = await started()
    await sendWhole(broker, 'abc')
    await broker.deleteTopic('B')
    await broker.createTopic('B', 1)
    expect((await broker.sendBatch(batchOf('xy'), 'id')).queueOffset).toBe(0)
    expect(bodiesOf(await broker.readQueue('B'))).toEqual(['x', 'y'])
    await broker.deleteTopic('B')
    await broker.createTopic('B', 1, 6, attributes)
    expect(await codeOf(broker, commands.getMinOffset, { topic: 'B', queueId: 0 })).toBe('SUCCESS')
    expect((await broker.ask(commands.getMinOffset, { topic: 'B', queueId: 0 })).header.offset).toBe(-1)
    await sendWhole(broker, 'de')
    expect(await readAll(broker)).toBe('de')
  })
})
