import type { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { retryTopicOf, scheduleTopic } from '@rocketmq-ts/protocol'
import type { CheckLimits } from '../../src/checkers/checker.ts'
import {
  emptyHistory,
  type History,
  type KeyQuery,
  type Observation,
  type ObservedQueue,
  type ObservedRecord,
  queueKey,
  type SentMessage,
  type TimeQuery,
} from '../../src/checkers/history.ts'

export const modelLimits: CheckLimits = { flushIntervalMs: 100, timerDelayMsMax: 10, delayLevelsMs: [1000, 5000] }

export interface ModelOutcome {
  history: History
  observation: Observation
}

const topics = [
  { topic: 'one', queues: 1 },
  { topic: 'two', queues: 2 },
]
const group = 'consumers'
const runMs = 1000

/**
 * What a broker without bugs leaves behind: a history of random operations, and everything that is in the broker
 * afterwards. A model in memory, for tests of the checker.
 */
export function validHistory(random: SeededRandom, operations: number): ModelOutcome {
  const model = new ModelBroker(random)
  for (let run = 1; run <= 3; run++) {
    for (let count = 0; count < operations; count++) model.operate(run)
    model.endRun(run, random.chance(0.7) ? 'killed' : 'stopped')
  }
  return model.finish()
}

class ModelBroker {
  readonly #random: SeededRandom
  readonly #history = emptyHistory()
  readonly #queues = new Map<string, ObservedRecord[]>()
  readonly #committed = new Map<string, number>()
  #seq = 0
  #position = 0
  #nowMs = 1_000_000
  #runStartMs = this.#nowMs

  constructor(random: SeededRandom) {
    this.#random = random
    for (const { topic, queues } of topics) {
      this.#history.topicCreations.push({ topic, queues, outcome: { kind: 'acknowledged', seq: ++this.#seq, atMs: 0 } })
    }
  }

  operate(run: number): void {
    this.#nowMs += this.#random.between(0, 20)
    const { topic, queues } = this.#random.pick(topics)
    const place = { topic, queueId: this.#random.between(0, queues - 1) }
    if (this.#random.chance(0.7)) this.#send(place)
    else if (this.#random.chance(0.5)) this.#commit(place, run)
    else this.#consume(place)
  }

  #send(place: { topic: string; queueId: number }): void {
    const number = this.#history.sends.length + 1
    const delayLevel = this.#random.chance(0.2) ? this.#random.between(1, 2) : 0
    const send: SentMessage = {
      ...place,
      id: `id-${number}`,
      key: `key-${number}`,
      bodyCrc: this.#random.between(0, 1_000_000),
      bodyBytes: this.#random.between(0, 100),
      delayLevel,
      timedForMs: 0,
      isInRecord: false,
      sentSeq: ++this.#seq,
      sentAtMs: this.#nowMs,
      outcome: { kind: 'unknown' },
    }
    this.#history.sends.push(send)
    if (this.#random.chance(0.03)) {
      send.outcome = { kind: 'refused', code: 2, remark: 'busy' }
      return
    }
    const isLost = this.#random.chance(0.05)
    if (isLost && this.#random.chance(0.5)) return
    const stored = this.#store(
      delayLevel > 0 ? { topic: scheduleTopic, queueId: delayLevel - 1 } : place,
      send,
      delayLevel > 0 ? { realTopic: place.topic } : {},
    )
    if (isLost) return
    const { queueOffset, messageId } = stored
    send.outcome = { kind: 'acknowledged', seq: ++this.#seq, atMs: this.#nowMs, queueOffset, messageId }
  }

  #store(
    place: { topic: string; queueId: number },
    { id, bodyCrc, bodyBytes }: Pick<SentMessage, 'id' | 'bodyCrc' | 'bodyBytes'>,
    changes: Partial<ObservedRecord> = {},
  ): ObservedRecord {
    const key = queueKey(place)
    const records = this.#queues.get(key) ?? []
    this.#queues.set(key, records)
    const record: ObservedRecord = {
      topic: place.topic,
      queueId: place.queueId,
      queueOffset: records.length,
      physicalOffset: this.#position,
      messageId: `place-${this.#position}`,
      id,
      bodyCrc,
      bodyBytes,
      storeTimestamp: this.#nowMs,
      reconsumeTimes: 0,
      recordCrc: this.#position,
      isOfBatch: false,
      indexInBatch: 0,
      realTopic: undefined,
      ...changes,
    }
    this.#position += 100
    records.push(record)
    return record
  }

  #commit({ topic, queueId }: { topic: string; queueId: number }, run: number): void {
    const key = queueKey({ topic, queueId })
    const most = this.#queues.get(key)?.length ?? 0
    const offset = Math.max(this.#committed.get(key) ?? 0, this.#random.between(0, most))
    const outcome = this.#random.chance(0.9)
      ? ({ kind: 'acknowledged', seq: ++this.#seq, atMs: this.#nowMs - this.#runStartMs + run * 1e6 } as const)
      : ({ kind: 'unknown' } as const)
    this.#history.commits.push({ group, topic, queueId, offset, run, outcome })
    this.#committed.set(key, offset)
  }

  #consume(place: { topic: string; queueId: number }): void {
    const records = this.#queues.get(queueKey(place)) ?? []
    if (records.length === 0) return
    const record = this.#random.pick(records)
    this.#history.seen.push(record)
    if (!this.#random.chance(0.3)) return
    const delayLevel = this.#random.between(1, 2)
    const isAcknowledged = this.#random.chance(0.8)
    const outcome = isAcknowledged
      ? ({ kind: 'acknowledged', seq: ++this.#seq, atMs: 0 } as const)
      : ({ kind: 'unknown' } as const)
    this.#history.sendBacks.push({ id: record.id, group, delayLevel, sentAtMs: this.#nowMs, outcome })
    if (!isAcknowledged) return
    this.#store({ topic: scheduleTopic, queueId: delayLevel - 1 }, record, {
      realTopic: retryTopicOf(group),
      reconsumeTimes: 1,
    })
  }

  endRun(number: number, ending: 'killed' | 'stopped'): void {
    const endedAtMs = this.#nowMs - this.#runStartMs + number * 1e6 + runMs
    const offsetsAfter = topics.flatMap(({ topic, queues }) =>
      Array.from({ length: queues }, (_, queueId) => {
        const offset = this.#committed.get(queueKey({ topic, queueId }))
        return { group, topic, queueId, offset }
      }),
    )
    this.#history.runs.push({ number, ending, endedAtMs, offsetsAfter })
    this.#runStartMs = this.#nowMs
  }

  finish(): ModelOutcome {
    this.#deliver()
    const queues = [...this.#queues.values()].map((records): ObservedQueue => {
      const { topic, queueId } = records[0]!
      return { topic, queueId, fromOffset: 0, maxOffset: records.length, records }
    })
    const observation: Observation = {
      queues,
      keyQueries: this.#history.sends
        .filter(({ outcome, delayLevel }) => outcome.kind === 'acknowledged' && delayLevel === 0)
        .map(({ topic, key, id }): KeyQuery => ({ topic, key: key!, id, foundIds: [id] })),
      timeQueries: queues.map(({ topic, queueId, records }): TimeQuery => {
        const { storeTimestamp: timestampMs } = this.#random.pick(records)
        const offset = records.find((record) => record.storeTimestamp === timestampMs)!.queueOffset
        return { topic, queueId, timestampMs, boundary: 'lower', offset }
      }),
      topics: new Map(topics.map(({ topic, queues: count }) => [topic, count])),
    }
    return { history: this.#history, observation }
  }

  #deliver(): void {
    this.#nowMs += 5000
    for (const queueId of [0, 1]) {
      for (const record of [...(this.#queues.get(queueKey({ topic: scheduleTopic, queueId })) ?? [])]) {
        const send = this.#history.sends.find(({ id }) => id === record.id)!
        const isRetry = record.realTopic === retryTopicOf(group)
        const place = { topic: record.realTopic!, queueId: isRetry ? 0 : send.queueId }
        const copies = this.#random.chance(0.2) ? 2 : 1
        for (let copy = 0; copy < copies; copy++) this.#store(place, record, { reconsumeTimes: record.reconsumeTimes })
      }
    }
  }
}
