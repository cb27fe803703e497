import type { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { propertyName, retryTopicOf } from '@rocketmq-ts/protocol'
import { Consumed, type ObservedRecord, type ObservedTopic, observedRecords, queueKey } from '../checkers/index.ts'
import type { BrokerCalls, PullAnswer, ReadMessage } from '../client/broker-calls.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { type BrokerUnderLoad, followingGroup } from './broker-under-load.ts'
import { unlessLost } from './load.ts'

const restMs = 40
const sendBacksMax = 30
/** Requests in a row that get no answer, each after its time, when nothing disturbs them any more. */
const failuresMax = 1000

/**
 * A consumer that follows the protocol: it begins where its group has committed, goes on where each answer says, commits
 * what it has consumed, and sends some back. Now and then it forgets where it was, as after a restart. Whatever happens,
 * it has to be given everything.
 */
export class FollowingConsumer {
  readonly consumed = new Map<string, Consumed>()
  readonly #cluster: Cluster
  readonly #broker: BrokerUnderLoad
  readonly #calls: BrokerCalls
  readonly #random: SeededRandom
  /** Where it goes on in each queue. */
  readonly #next = new Map<string, number>()
  #sendBacks = 0
  #isOver = false

  constructor(cluster: Cluster, broker: BrokerUnderLoad, calls: BrokerCalls, random: SeededRandom) {
    this.#cluster = cluster
    this.#broker = broker
    this.#calls = calls
    this.#random = random
    broker.onShortened(() => this.#next.clear())
  }

  /** Consumes until `stop`. */
  async run(): Promise<void> {
    while (!this.#isOver) {
      const { topic, queues } = this.#random.pick(this.#topics())
      await this.#broker.consume(() => this.#consume({ topic, queueId: this.#random.between(0, queues - 1) }))
      if (this.#random.oneIn(60)) this.#next.clear()
      await this.#cluster.sleep(restMs)
    }
  }

  stop(): void {
    this.#isOver = true
  }

  /** Goes on to the ends of all queues, whatever time that takes. */
  async finish(): Promise<void> {
    this.#next.clear()
    for (const { topic, queues } of this.#topics()) {
      for (let queueId = 0; queueId < queues; queueId++) {
        for (let given: number | undefined = 1, failures = 0; given !== 0 && failures < failuresMax; ) {
          given = await this.#consume({ topic, queueId })
          if (given === undefined) failures++
        }
      }
    }
  }

  #topics(): ObservedTopic[] {
    return [...this.#broker.topics, { topic: retryTopicOf(followingGroup), queues: 1 }]
  }

  /** @returns how many messages it was given; undefined when no answer came */
  async #consume(queue: { topic: string; queueId: number }): Promise<number | undefined> {
    const { recorder } = this.#broker
    const key = queueKey(queue)
    const offset = await this.#offsetIn(queue)
    if (offset === undefined) return undefined
    const pulled = await unlessLost(this.#calls.pull({ group: followingGroup, ...queue, offset }))
    if (pulled === undefined) return undefined
    const records = observedRecords(pulled.bytes)
    recorder.see(records)
    const consumed = this.#consumedIn(key)
    for (const record of records) consumed.add(record.queueOffset, record.id)
    this.#next.set(key, pulled.nextOffset)
    if (this.#random.chance(0.5)) {
      const commit = { group: followingGroup, ...queue, offset: pulled.nextOffset, run: this.#broker.run }
      await recorder.commit(commit, () =>
        this.#calls.commitOffset(followingGroup, queue.topic, queue.queueId, pulled.nextOffset),
      )
    }
    for (const record of records) {
      if (this.#isOver || this.#sendBacks >= sendBacksMax || !this.#random.chance(0.03)) continue
      this.#sendBacks++
      const level = this.#random.between(1, 2)
      await recorder.sendBack(record, followingGroup, level, () =>
        this.#calls.sendBack(messageOf(record, pulled), followingGroup, level),
      )
    }
    return records.length
  }

  async #offsetIn({ topic, queueId }: { topic: string; queueId: number }): Promise<number | undefined> {
    const known = this.#next.get(queueKey({ topic, queueId }))
    if (known !== undefined) return known
    const asked = this.#calls
      .committedOffset(followingGroup, topic, queueId)
      .then((offset) => ({ offset: offset ?? 0 }))
    return (await unlessLost(asked))?.offset
  }

  #consumedIn(key: string): Consumed {
    const known = this.consumed.get(key)
    if (known !== undefined) return known
    const consumed = new Consumed()
    this.consumed.set(key, consumed)
    return consumed
  }
}

/** Of a batch that is one record, the message is told by its id. */
function messageOf({ physicalOffset, id }: ObservedRecord, { messages }: PullAnswer): ReadMessage {
  const message = messages.find((one) => one.physicalOffset === physicalOffset)!
  return { ...message, properties: new Map([[propertyName.uniqueKey, id]]) }
}
