import type { Random } from '@rocketmq-ts/platform'
import { javaStringHash } from '@rocketmq-ts/protocol'
import type { BrokerHealth } from './broker-health.ts'
import type { QueueRef } from './topic-route.ts'

const turnsMax = 10_000

/** Queues of a topic take turns, brokers that failed or are slow are passed over while there are others. */
export class QueueTurns {
  readonly #random: Random
  readonly #health: Pick<BrokerHealth, 'isAvoided'>
  readonly #turns = new Map<string, number>()

  constructor(random: Random, health: Pick<BrokerHealth, 'isAvoided'>) {
    this.#random = random
    this.#health = health
  }

  /**
   * @param queues of the topic, at least one
   * @param tried brokers that this call has tried in vain
   */
  next(topic: string, queues: readonly QueueRef[], tried: ReadonlySet<string> | undefined): QueueRef {
    if (this.#turns.size > turnsMax) this.#turns.clear()
    const turn = this.#turns.get(topic) ?? this.#random.below(queues.length)
    this.#turns.set(topic, turn + 1)
    const isUntried = (queue: QueueRef): boolean => tried?.has(queue.broker) !== true
    const isHealthy = (queue: QueueRef): boolean => !this.#health.isAvoided(queue.broker)
    return (
      firstFrom(queues, turn, (queue) => isUntried(queue) && isHealthy(queue)) ??
      firstFrom(queues, turn, isUntried) ??
      firstFrom(queues, turn, isHealthy) ??
      queues[turn % queues.length]!
    )
  }
}

/** The queue of a sharding key: the same for clients of every language, as long as the topic has the same queues. */
export function queueOfKey(queues: readonly QueueRef[], shardingKey: string): QueueRef {
  const index = Math.abs(javaStringHash(shardingKey) % queues.length)
  return queues[index]!
}

function firstFrom(
  queues: readonly QueueRef[],
  start: number,
  isTaken: (queue: QueueRef) => boolean,
): QueueRef | undefined {
  for (let step = 0; step < queues.length; step++) {
    const queue = queues[(start + step) % queues.length]!
    if (isTaken(queue)) return queue
  }
  return undefined
}
