import { commands, offsetMessageId, parseOffsetMessageId } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { checksOverTopic, halfTopic, opTopic, TransactionProducer } from '../../src/index.ts'
import { bodiesOf, codeOf, type Promises, type Scene, withSettings } from './scene.ts'

/** A producer of transactions of one topic. */
async function producerFor(scene: Scene, topic = 'T'): Promise<TransactionProducer> {
  await scene.store(topic)
  const producer = new TransactionProducer(scene.client, () => scene.broker)
  await producer.join()
  return producer
}

export const transactions = {
  endTransaction: {
    'a message is seen when it is committed, and not before': async (scene) => {
      const producer = await producerFor(scene)
      const half = await producer.prepare('T', 'a', { KEYS: 'k', TAGS: 't' })
      await scene.cluster.sleep(1000)
      expect(await scene.bodiesIn('T')).toEqual([])
      expect(await producer.end(half, 'commit')).toBe('SUCCESS')
      const [message, ...others] = await scene.broker.readQueue('T')
      expect(others).toEqual([])
      expect(String(message!.body)).toBe('a')
      expect(message).toMatchObject({ preparedTransactionOffset: half.physicalOffset, sysFlag: 8 })
      expect(Object.fromEntries(message!.properties)).toMatchObject({ KEYS: 'k', TAGS: 't', UNIQ_KEY: half.id })
    },
    'a message is never seen when it is rolled back, and its producer is not asked': async (scene) => {
      const producer = await producerFor(scene)
      const half = await producer.prepare('T', 'a')
      expect(await producer.end(half, 'rollback')).toBe('SUCCESS')
      expect(await producer.end(half, 'commit')).toBe('SYSTEM_ERROR')
      await scene.cluster.sleep(100_000)
      expect(producer.takeChecks()).toEqual([])
      expect(await scene.bodiesIn('T')).toEqual([])
    },
    'a rollback that the disk does not confirm in time is answered with that, and done': withSettings(
      { flushDiskType: 'SYNC_FLUSH', syncFlushTimeout: '1' },
      async (scene) => {
        await scene.broker.createTopic('T', 1)
        const producer = new TransactionProducer(scene.client, () => scene.broker)
        await producer.join()
        const codes = new Set<string>()
        for (let count = 0; count < 30; count++) {
          // The half message itself waits for no disk.
          codes.add(await producer.end(await producer.prepare('T', 'a', { WAIT: 'false' }), 'rollback'))
        }
        expect(codes).toContain('FLUSH_DISK_TIMEOUT')
        await scene.cluster.sleep(100_000)
        expect(producer.takeChecks()).toEqual([])
        expect(await scene.bodiesIn('T')).toEqual([])
      },
    ),
    'a commit that is asked for again, also at the same time, is made once': async (scene) => {
      const producer = await producerFor(scene)
      const half = await producer.prepare('T', 'a')
      const answers = await Promise.all([producer.end(half, 'commit'), producer.end(half, 'commit')])
      answers.push(await producer.end(half, 'commit'))
      expect(answers).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS'])
      expect(await scene.bodiesIn('T')).toEqual(['a'])
    },
    'a producer that does not know is asked, with the message, until it knows': async (scene) => {
      const producer = await producerFor(scene)
      const half = await producer.prepare('T', 'a', { KEYS: 'k' }, 0)
      expect(await producer.end(half, 'unknown')).toBe('SUCCESS')
      await scene.cluster.sleep(61_000)
      const checks = producer.takeChecks()
      expect(checks.map(({ message }) => message.properties.get('TRANSACTION_CHECK_TIMES'))).toEqual(['1', '2'])
      for (const { message, id, topic } of checks) {
        expect({ topic, id, body: String(message.body) }).toEqual({ topic: 'T', id: half.id, body: 'a' })
        expect(message).toMatchObject({ topic: 'T', queueId: 0 })
      }
      expect(await producer.end(checks[1]!, 'commit', { fromTransactionCheck: true })).toBe('SUCCESS')
      expect(await scene.bodiesIn('T')).toEqual(['a'])
      await scene.cluster.sleep(100_000)
      expect(producer.takeChecks()).toEqual([])
    },
    'an answer that names an older half of a transaction ends it, once': async (scene) => {
      const producer = await producerFor(scene)
      const half = await producer.prepare('T', 'a')
      await scene.cluster.sleep(61_000)
      const checks = producer.takeChecks()
      expect(checks).toHaveLength(2)
      for (const one of [half, ...checks]) expect(await producer.end(one, 'commit')).toBe('SUCCESS')
      await scene.cluster.sleep(61_000)
      expect(producer.takeChecks()).toEqual([])
      expect(await scene.bodiesIn('T')).toEqual(['a'])
    },
    'a delay begins with the commit': async (scene) => {
      const producer = await producerFor(scene)
      const later = { DELAY: '1', TIMER_DELAY_SEC: '3' }
      for (const [name, value] of Object.entries(later)) {
        const half = await producer.prepare('T', name, { [name]: value })
        await scene.cluster.sleep(5000)
        expect(await producer.end(half, 'commit')).toBe('SUCCESS')
        expect(await scene.bodiesIn('T')).not.toContain(name)
        await scene.cluster.sleep(5000)
        expect(await scene.bodiesIn('T')).toContain(name)
      }
      await expect(producer.prepare('T', 'far', { TIMER_DELAY_SEC: '99999999' })).rejects.toMatchObject({ code: 13 })
    },
    'any producer of the group is asked': async (scene) => {
      const first = await producerFor(scene)
      const other = scene.newClient()
      const second = new TransactionProducer(other, () => other.broker(scene.machine))
      await second.join()
      await first.prepare('T', 'a')
      first.client.kill()
      await scene.cluster.sleep(35_000)
      const checks = second.takeChecks()
      expect(checks).toHaveLength(1)
      expect(await second.end(checks[0]!, 'commit', { fromTransactionCheck: true })).toBe('SUCCESS')
      expect(bodiesOf(await other.broker(scene.machine).readQueue('T'))).toEqual(['a'])
    },
    'what does not fit to the half message is refused': async (scene) => {
      const producer = await producerFor(scene)
      const half = await producer.prepare('T', 'a')
      const [other] = await scene.store('Other', 'b')
      const { physicalOffset } = parseOffsetMessageId(other!.messageIds[0]!)
      for (const header of [
        { producerGroup: 'others' },
        { tranStateTableOffset: half.queueOffset + 1 },
        { commitLogOffset: half.physicalOffset + 1 },
        { commitLogOffset: physicalOffset },
        { commitLogOffset: -1 },
        { commitLogOffset: 1e15 },
      ]) {
        expect(await producer.end(half, 'commit', header)).toBe('SYSTEM_ERROR')
      }
      expect(await scene.bodiesIn('T')).toEqual([])
      expect(await producer.end(half, 'commit')).toBe('SUCCESS')
    },
    'a half message that asks for time is left alone for it, and then ended by an answer to a check alone': async (
      scene,
    ) => {
      const producer = await producerFor(scene)
      const half = await producer.prepare('T', 'a', { CHECK_IMMUNITY_TIME_IN_SECONDS: '100' })
      await scene.cluster.sleep(95_000)
      expect(producer.takeChecks()).toEqual([])
      await scene.cluster.sleep(30_000)
      expect(producer.takeChecks()).toHaveLength(1)
      expect(await producer.end(half, 'commit')).toBe('ILLEGAL_OPERATION')
      expect(await producer.end(half, 'commit', { fromTransactionCheck: true })).toBe('SUCCESS')
      expect(await scene.bodiesIn('T')).toEqual(['a'])
    },
    'a half message is refused where that is set': withSettings({ rejectTransactionMessage: 'true' }, async (scene) => {
      const producer = await producerFor(scene)
      await expect(producer.prepare('T', 'a')).rejects.toMatchObject({ code: 16 })
      // Nothing is there that could be ended.
      const nothing = { topic: 'T', id: 'x', queueOffset: 0, physicalOffset: 0 }
      expect(await producer.end(nothing, 'commit')).toBe('SYSTEM_ERROR')
    }),
    'the ends of transactions are written for official brokers, with how far they are': async (scene) => {
      const producer = await producerFor(scene)
      const halves = [
        await producer.prepare('T', 'a'),
        await producer.prepare('T', 'b'),
        await producer.prepare('T', 'c'),
      ]
      await producer.end(halves[0]!, 'commit')
      await producer.end(halves[2]!, 'commit')
      await producer.end(halves[1]!, 'rollback')
      await scene.cluster.sleep(4000)
      const ops = await scene.broker.readQueue(opTopic)
      expect(
        ops
          .map(({ body }) => String(body))
          .join('')
          .split(',')
          .sort(),
      ).toEqual(['', '0', '1', '2'])
      expect(ops.map(({ properties }) => properties.get('TAGS'))).toEqual(ops.map(() => 'd'))
      await scene.cluster.sleep(15_000)
      expect(await scene.broker.committedOffset('CID_RMQ_SYS_TRANS', halfTopic, 0)).toBe(3)
      expect(await scene.broker.committedOffset('CID_RMQ_SYS_TRANS', opTopic, 0)).toBe(ops.length)
    },
  },
  resumeCheckHalfMessage: {
    'a transaction that was given up after its checks is asked about anew': withSettings(
      { transactionCheckMax: '2', transactionCheckInterval: '10000' },
      async (scene) => {
        const producer = await producerFor(scene)
        await producer.prepare('T', 'a')
        await scene.cluster.sleep(60_000)
        expect(producer.takeChecks()).toHaveLength(2)
        const [kept, ...others] = await scene.broker.readQueue(checksOverTopic)
        expect(others).toEqual([])
        const { host, port } = parseOffsetMessageId((await scene.store('Other', 'b'))[0]!.messageIds[0]!)
        const hostHex = Buffer.from([...host.split('.').map(Number), 0, 0, port >> 8, port & 255]).toString('hex')
        const msgId = offsetMessageId(hostHex.toUpperCase(), kept!.physicalOffset)
        const header = { topic: checksOverTopic, msgId }
        expect(await codeOf(scene.broker, commands.resumeCheckHalfMessage, header)).toBe('SUCCESS')
        await scene.cluster.sleep(11_000)
        const [check] = producer.takeChecks()
        expect(check!.message.properties.get('TRANSACTION_CHECK_TIMES')).toBe('1')
        expect(await producer.end(check!, 'commit', { fromTransactionCheck: true })).toBe('SUCCESS')
        expect(await scene.bodiesIn('T')).toEqual(['a'])
      },
    ),
    'what was not given up is refused': async (scene) => {
      const [stored] = await scene.store('T', 'a')
      for (const msgId of [stored!.messageIds[0]!, 'nonsense']) {
        const header = { topic: 'T', msgId }
        expect(await codeOf(scene.broker, commands.resumeCheckHalfMessage, header)).toBe('SYSTEM_ERROR')
      }
    },
  },
} satisfies Promises
