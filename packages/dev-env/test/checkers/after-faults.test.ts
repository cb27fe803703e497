import { describe, expect, test } from 'vitest'
import { checkQueues } from '../../src/checkers/check-queues.ts'
import { emptyHistory, type SentMessage } from '../../src/checkers/history.ts'
import {
  Consumed,
  checkConsumed,
  checkRoutes,
  type History,
  type ObservedQueue,
  type ObservedRecord,
  takeOverPowerLoss,
} from '../../src/checkers/index.ts'

const recordBytes = 100
const loss = { atMs: 1000, safeMs: 500, sentBackSafeMs: 500, sentSeqMax: 10 }

function record(number: number, changes: Partial<ObservedRecord> = {}): ObservedRecord {
  return {
    topic: 'T',
    queueId: 0,
    queueOffset: number,
    physicalOffset: number * recordBytes,
    messageId: messageId(number * recordBytes),
    id: `id-${number}`,
    bodyCrc: 0,
    bodyBytes: 0,
    storeTimestamp: 0,
    reconsumeTimes: 0,
    recordCrc: 0,
    isOfBatch: false,
    indexInBatch: 0,
    realTopic: undefined,
    ...changes,
  }
}

function messageId(position: number): string {
  return `0A00000100002A9F${position.toString(16).toUpperCase().padStart(16, '0')}`
}

function queueOf(records: ObservedRecord[]): ObservedQueue[] {
  const maxOffset = (records.at(-1)?.queueOffset ?? -1) + 1
  return [{ topic: 'T', queueId: 0, fromOffset: 0, maxOffset, records }]
}

/** Messages that were acknowledged one after the other, at 400, 600 and 800 ms. */
function acknowledged(): History {
  const history = emptyHistory()
  for (const number of [0, 1, 2]) {
    const send: SentMessage = {
      id: `id-${number}`,
      topic: 'T',
      queueId: 0,
      bodyCrc: 0,
      bodyBytes: 0,
      key: undefined,
      delayLevel: 0,
      timedForMs: 0,
      isInRecord: false,
      sentSeq: 2 * number,
      sentAtMs: 0,
      outcome: {
        kind: 'acknowledged',
        seq: 2 * number + 1,
        atMs: 400 + 200 * number,
        queueOffset: number,
        messageId: messageId(number * recordBytes),
      },
    }
    history.sends.push(send)
  }
  return history
}

function rulesOf(history: History, queues: ObservedQueue[], at = loss): string[] {
  return takeOverPowerLoss(history, queues, at).map(({ rule }) => rule)
}

describe('a failure of the power', () => {
  test('may take the end of what was not safe, which is not missed later', () => {
    const history = acknowledged()
    expect(rulesOf(history, queueOf([record(0)]))).toEqual([])
    expect(history.sends.map(({ outcome }) => outcome.kind)).toEqual(['acknowledged', 'lost', 'lost'])
    expect(checkQueues(history, queueOf([record(0)]))).toEqual([])
  })

  test('may not take what was safe', () => {
    expect(rulesOf(acknowledged(), queueOf([]))).toEqual(['acknowledged message lost'])
    const all = { ...loss, safeMs: 1000 }
    expect(rulesOf(acknowledged(), queueOf([record(0), record(1)]), all)).toEqual(['acknowledged message lost'])
  })

  test('may not take something in front of what it leaves', () => {
    const holed = queueOf([record(0), record(2)])
    expect(rulesOf(acknowledged(), holed)).toEqual(['message lost in front of one that is there'])
  })

  test('may not give back what it took', () => {
    const history = acknowledged()
    takeOverPowerLoss(history, queueOf([record(0)]), loss)
    const rules = checkQueues(history, queueOf([record(0), record(1)])).map(({ rule }) => rule)
    expect(rules).toContain('lost message shows again')
  })

  test('lets places be used again that a consumer had seen', () => {
    const history = acknowledged()
    history.seen.push(record(2))
    takeOverPowerLoss(history, queueOf([record(0)]), loss)
    expect(history.seen).toEqual([])
  })

  test('says nothing of what was sent behind it', () => {
    const history = acknowledged()
    expect(rulesOf(history, queueOf([record(0)]), { ...loss, atMs: 500, sentSeqMax: 1 })).toEqual([])
    expect(history.sends.map(({ outcome }) => outcome.kind)).toEqual(['acknowledged', 'acknowledged', 'acknowledged'])
  })
})

describe('a consumer', () => {
  test('has to be given every message of a queue', () => {
    const consumed = new Consumed()
    consumed.add(0, 'id-0')
    const check = () => checkConsumed('G', queueOf([record(0), record(1)]), new Map([['T/0', consumed]]))
    expect(check().map(({ detail }) => detail)).toEqual(['id-1 in T/0 at 1, by G'])
    consumed.add(1, 'another')
    expect(check()).toHaveLength(1)
    consumed.add(1, 'id-1')
    expect(check()).toEqual([])
  })
})

test('a route has to name each broker that has the topic, with its queues and address', () => {
  const expected = [{ topic: 'T', queuesOf: new Map([['b', 2]]) }]
  const queue = { brokerName: 'b', readQueueNums: 2, writeQueueNums: 2, perm: 6, topicSysFlag: 0 }
  const broker = {
    cluster: 'C',
    brokerName: 'b',
    brokerAddrs: new Map([[0, '10.0.0.1:1']]),
    zoneName: undefined,
    enableActingMaster: false,
  }
  const route = { queueDatas: [queue], brokerDatas: [broker], filterServerTable: new Map() }
  const rules = (given: Partial<typeof route> | undefined) => {
    const routes = new Map([['T', given === undefined ? undefined : { ...route, ...given }]])
    return checkRoutes(expected, routes as Parameters<typeof checkRoutes>[1]).length
  }
  expect(rules({})).toBe(0)
  expect(rules(undefined)).toBe(1)
  expect(rules({ queueDatas: [{ ...queue, writeQueueNums: 1 }] })).toBe(1)
  expect(rules({ brokerDatas: [] })).toBe(1)
})
