import type { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import {
  lastDigitOf,
  type ObservedQueue,
  type ObservedTopic,
  observedRecords,
  type Violation,
} from '../checkers/index.ts'
import type { BrokerCalls } from '../client/broker-calls.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { BrokerUnderLoad } from './broker-under-load.ts'
import { unlessLost } from './load.ts'

const restMs = 100
const group = 'filtering-consumers'
const byExpression = {
  group,
  expression: 'lastDigit = 3 OR lastDigit BETWEEN 7 AND 8',
  expressionType: 'SQL92',
} as const
const wantedDigits = [3, 7, 8]

/** Reads queues by an SQL92 expression: it is given the messages that match, and no others. */
export class FilteringConsumer {
  readonly #cluster: Cluster
  readonly #broker: BrokerUnderLoad
  readonly #calls: BrokerCalls
  readonly #random: SeededRandom
  readonly #violations: Violation[] = []
  #isOver = false

  constructor(cluster: Cluster, broker: BrokerUnderLoad, calls: BrokerCalls, random: SeededRandom) {
    this.#cluster = cluster
    this.#broker = broker
    this.#calls = calls
    this.#random = random
  }

  /** Reads here and there, and waits at ends, until `stop`. */
  async run(): Promise<void> {
    while (!this.#isOver) {
      await this.#cluster.sleep(restMs)
      await this.#broker.consume(async () => {
        const { topic, queues } = this.#random.pick(this.#topics())
        const queueId = this.#random.between(0, queues - 1)
        const offset = this.#random.between(0, 200)
        const waitMs = this.#random.oneIn(3) ? 100 : 0
        const pulled = await unlessLost(this.#calls.pull({ topic, queueId, offset, waitMs, ...byExpression }))
        for (const { id } of pulled === undefined ? [] : observedRecords(pulled.bytes)) this.#see(id, topic, queueId)
      })
    }
  }

  stop(): void {
    this.#isOver = true
  }

  /** @param queues all that the topics of the load hold */
  async check(queues: readonly ObservedQueue[]): Promise<Violation[]> {
    const topics = new Set(this.#topics().map(({ topic }) => topic))
    for (const { topic, queueId, records } of queues.filter((queue) => topics.has(queue.topic))) {
      const given = await this.#broker.observed((_, calls) => readAll(calls, topic, queueId))
      for (const { id, queueOffset } of records) {
        if (isWanted(id) && !given.has(queueOffset)) this.#add('matching message not given', id, topic, queueId)
      }
      for (const id of given.values()) this.#see(id, topic, queueId)
    }
    return this.#violations
  }

  /** A batch that is one record is filtered by its own properties, not by those of its messages. */
  #topics(): ObservedTopic[] {
    return this.#broker.topics.filter(({ isOfBatches }) => isOfBatches !== true)
  }

  #see(id: string, topic: string, queueId: number): void {
    if (!isWanted(id)) this.#add('message given that does not match', id, topic, queueId)
  }

  #add(rule: Violation['rule'], id: string, topic: string, queueId: number): void {
    this.#violations.push({ rule, detail: `${id} of ${topic}/${queueId}, by ${byExpression.expression}` })
  }
}

function isWanted(id: string): boolean {
  return wantedDigits.includes(lastDigitOf(id))
}

/** Ids of all messages that it is given, by their queue offset. */
async function readAll(calls: BrokerCalls, topic: string, queueId: number): Promise<Map<number, string>> {
  const ids = new Map<number, string>()
  for (let offset = 0; ; ) {
    const { bytes, nextOffset, maxOffset } = await calls.pull({
      topic,
      queueId,
      offset,
      countMax: 1000,
      ...byExpression,
    })
    for (const { id, queueOffset } of observedRecords(bytes)) ids.set(queueOffset, id)
    if (nextOffset >= maxOffset || nextOffset === offset) return ids
    offset = nextOffset
  }
}
