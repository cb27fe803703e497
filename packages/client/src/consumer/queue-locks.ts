import type { CancelTimer } from '@rocketmq-ts/platform'
import { commands, lockBatchRequestBody, lockBatchResponseBody, unlockBatchRequestBody } from '@rocketmq-ts/protocol'
import { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { RocketMQError } from '../rocketmq-error.ts'
import { type QueueRef, queueKey } from '../routing/topic-route.ts'

export interface QueueLocksParts {
  readonly client: ClusterClient
  readonly group: string
  /** A lock is gone: another member may have it. */
  onLost(queue: QueueRef): void
}

/** Brokers keep a lock for 60 s. */
const renewIntervalMs = 15_000
/** So long after it was last confirmed, a lock counts as lost: well before the broker gives it to another member. */
const trustedMs = 45_000

interface Lock {
  readonly queue: QueueRef
  /** When the request was sent whose answer confirmed it. */
  confirmedMs: number
}

/** Locks of queues whose messages are handled in order: one member has a queue at a time. */
export class QueueLocks {
  readonly #parts: QueueLocksParts
  readonly #locks = new Map<string, Lock>()
  #cancelTimer: CancelTimer | undefined

  constructor(parts: QueueLocksParts) {
    this.#parts = parts
  }

  /** @returns those of the queues that are locked now */
  async lock(queues: readonly QueueRef[]): Promise<QueueRef[]> {
    const { clock } = this.#parts.client.runtime
    this.#cancelTimer ??= clock.every(renewIntervalMs, () => void this.#renew())
    const locked = await Promise.all([...byBroker(queues)].map(([broker, ofBroker]) => this.#lockAt(broker, ofBroker)))
    return locked.flat()
  }

  /** Gives locks back, so that other members need not wait until they expire. What fails expires. */
  async unlock(queues: readonly QueueRef[], timeoutMs: number): Promise<void> {
    const { client, group } = this.#parts
    const held = queues.filter((queue) => this.#locks.delete(queueKey(queue)))
    const command = commands.unlockBatchMq
    await Promise.all(
      [...byBroker(held)].map(async ([broker, ofBroker]) => {
        const address = client.routes.masterAddress(broker)
        if (address === undefined) return
        const body = unlockBatchRequestBody.encode(lockRequest(group, client, ofBroker))
        const deadline = new Deadline(client.runtime.clock, {}, timeoutMs)
        try {
          await client.askForSuccess({ name: broker, address }, { command, header: {}, body }, deadline)
        } catch (error) {
          client.log.info({ broker, err: error as RocketMQError }, 'locks were not given back: they expire')
        }
      }),
    )
  }

  close(): void {
    this.#cancelTimer?.()
  }

  async #lockAt(broker: string, queues: readonly QueueRef[]): Promise<QueueRef[]> {
    const { client, group } = this.#parts
    const address = client.routes.masterAddress(broker)
    if (address === undefined) return []
    const command = commands.lockBatchMq
    const body = lockBatchRequestBody.encode(lockRequest(group, client, queues))
    const sentMs = client.runtime.clock.monotonic()
    try {
      await client.heartbeats.known(address)
      const deadline = client.newDeadline({ timeoutMs: client.attemptTimeoutMs })
      const request = { command, header: {}, body }
      const { lockOKMQSet } = await client.read({ name: broker, address }, request, deadline, (answer) =>
        lockBatchResponseBody.decode(answer.body ?? Buffer.alloc(0)),
      )
      const granted = new Set(lockOKMQSet.map(({ topic, queueId }) => queueKey({ topic, broker, queueId })))
      const locked = queues.filter((queue) => granted.has(queueKey(queue)))
      for (const queue of locked) this.#locks.set(queueKey(queue), { queue, confirmedMs: sentMs })
      for (const queue of queues) if (!granted.has(queueKey(queue))) this.#lose(queue)
      return locked
    } catch (error) {
      client.log.warn({ broker, err: error as RocketMQError }, 'queues could not be locked; it is tried again')
      return []
    }
  }

  async #renew(): Promise<void> {
    const { clock } = this.#parts.client.runtime
    await this.lock([...this.#locks.values()].map(({ queue }) => queue))
    for (const { queue, confirmedMs } of [...this.#locks.values()]) {
      if (clock.monotonic() - confirmedMs > trustedMs) this.#lose(queue)
    }
  }

  #lose(queue: QueueRef): void {
    if (this.#locks.delete(queueKey(queue))) this.#parts.onLost(queue)
  }
}

function lockRequest(consumerGroup: string, { clientId, routes }: ClusterClient, queues: readonly QueueRef[]) {
  const mqSet = queues.map(({ topic, broker, queueId }) => {
    // Clients of every language lock a queue by the same name.
    const brokerName = routes.known(topic)?.logicalBroker ?? broker
    return { topic, brokerName, queueId }
  })
  return { consumerGroup, clientId, onlyThisBroker: false, mqSet }
}

function byBroker(queues: readonly QueueRef[]): Map<string, QueueRef[]> {
  return Map.groupBy(queues, ({ broker }) => broker)
}
