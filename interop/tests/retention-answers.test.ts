import { observedRecords } from '@rocketmq-ts/dev-env/checkers'
import { type AnyCommand, commands, type RequestOf } from '@rocketmq-ts/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BrokerClient } from '../crash/broker-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { targetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

/** Log files of 1 MiB that may go as soon as they are full. */
const expireAtOnce = {
  mappedFileSizeCommitLog: '1048576',
  fileReservedTime: '0',
  deleteWhen: Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0')).join(';'),
  cleanResourceInterval: '1000',
}

/** `part` has lost offsets 0 to 2 and still has 3 to 6; `gone` has lost all of 0 to 4; `empty` never had any. */
const lost = { part: 3, gone: 5 }
const partKept = 4

/** Code, remark, next, min and max offset, suggested broker, offsets of the messages: as official brokers 5.5.0 answer. */
const expectedPulls: Record<string, string> = {
  'part -1': '21 OFFSET_TOO_SMALL, 3 3 7 0, []',
  'part 0': '21 OFFSET_TOO_SMALL, 3 3 7 0, []',
  'part 2': '21 OFFSET_TOO_SMALL, 3 3 7 0, []',
  'part 3': '0 FOUND, 7 3 7 0, [3 4 5 6]',
  'part 5': '0 FOUND, 7 3 7 0, [5 6]',
  'part 6': '0 FOUND, 7 3 7 0, [6]',
  'part 7': '19 OFFSET_OVERFLOW_ONE, 7 3 7 0, []',
  'part 8': '21 OFFSET_OVERFLOW_BADLY, 7 3 7 0, []',
  'part 1000': '21 OFFSET_OVERFLOW_BADLY, 7 3 7 0, []',
  'gone -1': '21 OFFSET_TOO_SMALL, 5 5 5 0, []',
  'gone 0': '21 OFFSET_TOO_SMALL, 5 5 5 0, []',
  'gone 4': '21 OFFSET_TOO_SMALL, 5 5 5 0, []',
  'gone 5': '19 OFFSET_OVERFLOW_ONE, 5 5 5 0, []',
  'gone 6': '21 OFFSET_OVERFLOW_BADLY, 5 5 5 0, []',
  'gone 1000': '21 OFFSET_OVERFLOW_BADLY, 5 5 5 0, []',
  'empty -1': '21 NO_MESSAGE_IN_QUEUE, 0 0 0 0, []',
  'empty 0': '19 NO_MESSAGE_IN_QUEUE, 0 0 0 0, []',
  'empty 1': '21 NO_MESSAGE_IN_QUEUE, 0 0 0 0, []',
  'empty 1000': '21 NO_MESSAGE_IN_QUEUE, 0 0 0 0, []',
}

/** Code and value, by queue and what was asked. */
const expectedOffsets: Record<string, string> = {
  'part first time': '0 time of the first kept',
  'part lower 0': '0 3',
  'part lower a lost time': '0 3',
  'part lower the first kept': '0 3',
  'part lower tomorrow': '0 7',
  'part max': '0 7',
  'part min': '0 3',
  'part upper 0': '0 3',
  'part upper a lost time': '0 3',
  'part upper the first kept': '0 3',
  'part upper tomorrow': '0 6',
  'gone first time': '0 -1',
  'gone lower 0': '0 5',
  'gone lower a lost time': '0 5',
  'gone lower the first kept': '0 5',
  'gone lower tomorrow': '0 5',
  'gone max': '0 5',
  'gone min': '0 5',
  'gone upper 0': '0 5',
  'gone upper a lost time': '0 5',
  'gone upper the first kept': '0 5',
  'gone upper tomorrow': '0 5',
  'empty first time': '0 -1',
  'empty lower 0': '0 0',
  'empty lower a lost time': '0 0',
  'empty lower the first kept': '0 0',
  'empty lower tomorrow': '0 0',
  'empty max': '0 0',
  'empty min': '0 0',
  'empty upper 0': '0 0',
  'empty upper a lost time': '0 0',
  'empty upper the first kept': '0 0',
  'empty upper tomorrow': '0 0',
}

/** Messages that come after it have a later store time than those that came before. */
async function laterMillisecond(): Promise<void> {
  const beganMs = Date.now()
  await pollUntil('a later millisecond', async () => Date.now() > beganMs || { notYet: 'the same' }, { intervalMs: 1 })
}

// The official servers need Java.
describe.skipIf(targetName() === 'official' && lacksTools('java', 'mvn'))('after retention deleted messages', () => {
  let cluster: Cluster
  let client: BrokerClient
  /** Store times: of the last message that went, and of the first that stayed. */
  let lastLostMs: number
  let firstKeptMs: number

  beforeAll(async () => {
    cluster = await startCluster({ label: 'retention-answers', config: expireAtOnce })
    client = await BrokerClient.connect(cluster.brokers[0]!.address)
    for (const topic of ['part', 'gone', 'empty', 'filler']) await client.createTopic(topic, 1)
    const send = (topic: string, body: Buffer) => client.send({ topic, queueId: 0, body, properties: {} })
    for (let count = 0; count < lost.gone; count++) await send('gone', Buffer.from('g'))
    for (let count = 0; count < lost.part; count++) await send('part', Buffer.from('p'))
    const { records } = await client.pull({ group: 'g', topic: 'part', queueId: 0, offset: lost.part - 1, countMax: 1 })
    lastLostMs = records[0]!.storeTimestamp
    for (let count = 0; count < 12; count++) await send('filler', Buffer.alloc(100_000, count))
    for (let count = 0; count < partKept; count++) {
      await laterMillisecond()
      await send('part', Buffer.from('k'))
    }
    // Official brokers look for the first time a minute after their start.
    await pollUntil(
      'deletion of the first messages',
      async () => {
        await client.ask(commands.deleteExpiredCommitlog, {})
        const minOffset = await client.minOffset('part', 0)
        return minOffset === lost.part || { notYet: `the queue begins at ${minOffset}` }
      },
      { intervalMs: 500 },
    )
    const kept = await client.pull({ group: 'g', topic: 'part', queueId: 0, offset: lost.part, countMax: 1 })
    firstKeptMs = kept.records[0]!.storeTimestamp
  })
  afterAll(async () => {
    client?.close()
    await cluster?.dispose()
  })

  const pull = async (topic: string, queueOffset: number): Promise<string> => {
    const command = commands.pullMessage
    const answer = await client.call(command, {
      consumerGroup: 'g',
      topic,
      queueId: 0,
      queueOffset,
      maxMsgNums: 32,
      sysFlag: 4,
      commitOffset: 0,
      suspendTimeoutMillis: 0,
      subscription: '*',
      subVersion: 0,
      expressionType: 'TAG',
    })
    const { nextBeginOffset, minOffset, maxOffset, suggestWhichBrokerId } = command.responseCodec.decode(
      answer.extFields,
    )
    const offsets = observedRecords(answer.body ?? Buffer.alloc(0)).map((record) => record.queueOffset)
    const numbers = [nextBeginOffset, minOffset, maxOffset, suggestWhichBrokerId].join(' ')
    return `${answer.code} ${answer.remark ?? '-'}, ${numbers}, [${offsets.join(' ')}]`
  }

  it('pulls in front of, at, between and behind the ends of a queue are answered as the official broker does', async () => {
    const answers: Record<string, string> = {}
    for (const [topic, offsets] of [
      ['part', [-1, 0, 2, 3, 5, 6, 7, 8, 1000]],
      ['gone', [-1, 0, 4, 5, 6, 1000]],
      ['empty', [-1, 0, 1, 1000]],
    ] as const) {
      for (const offset of offsets) answers[`${topic} ${offset}`] = await pull(topic, offset)
    }
    expect(answers).toEqual(expectedPulls)
  })

  it('the ends of queues, offsets by time and first times are those of the official broker', async () => {
    const ask = async <C extends AnyCommand>(command: C, header: RequestOf<C>): Promise<string> => {
      const answer = await client.call(command, header)
      const values = Object.values(answer.extFields ?? {}).map((value) => {
        return Number(value) === firstKeptMs ? 'time of the first kept' : value
      })
      return [answer.code, ...(answer.remark ? [answer.remark] : []), ...values].join(' ')
    }
    const answers: Record<string, string> = {}
    for (const topic of ['part', 'gone', 'empty']) {
      const queue = { topic, queueId: 0 }
      answers[`${topic} min`] = await ask(commands.getMinOffset, queue)
      answers[`${topic} max`] = await ask(commands.getMaxOffset, { ...queue, committed: true })
      answers[`${topic} first time`] = await ask(commands.getEarliestMsgStoretime, queue)
      for (const [name, timestamp] of [
        ['0', 0],
        ['a lost time', lastLostMs],
        ['the first kept', firstKeptMs],
        ['tomorrow', Date.now() + 86_400_000],
      ] as const) {
        for (const boundaryType of ['lower', 'upper'] as const) {
          answers[`${topic} ${boundaryType} ${name}`] = await ask(commands.searchOffsetByTimestamp, {
            ...queue,
            timestamp,
            boundaryType,
          })
        }
      }
    }
    expect(answers).toEqual(expectedOffsets)
  })
})
