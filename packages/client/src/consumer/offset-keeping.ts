import type { CancelTimer } from '@rocketmq-ts/platform'
import { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { commitOffset, committedOffset, offsetOfPosition } from '../reading/queue-positions.ts'
import type { RocketMQError } from '../rocketmq-error.ts'
import { type QueueRef, queueKey } from '../routing/topic-route.ts'

/** Where a broadcast consumer keeps how far it is: each member is on its own, and brokers keep nothing for it. */
export interface OffsetStore {
  /** Undefined when nothing is known. */
  load(queue: QueueRef): number | undefined | Promise<number | undefined>
  save(offsets: readonly { readonly queue: QueueRef; readonly offset: number }[]): void | Promise<void>
}

/** A store that begins anew with each consumer. */
export function memoryOffsets(): OffsetStore {
  const offsets = new Map<string, number>()
  return {
    load: (queue) => offsets.get(queueKey(queue)),
    save: (saved) => {
      for (const { queue, offset } of saved) offsets.set(queueKey(queue), offset)
    },
  }
}

/** A queue whose progress is kept. */
export interface Progressing {
  readonly queue: QueueRef
  /** Undefined as long as it is not known where to begin. */
  readonly committable: number | undefined
}

/** A queue that was left since its broker was gone. */
interface Left extends Progressing {
  readonly storedUntilMs: number | undefined
}

const intervalMs = 5000
/** When nothing was done for so long, what was done is kept without waiting for the interval. */
const restMs = 300

/** Keeps how far a group is in its queues: at the brokers, or, for broadcast, in a store of the member's own. */
export class OffsetKeeping {
  readonly #client: ClusterClient
  readonly #group: string
  readonly #store: OffsetStore | undefined
  readonly #kept = new Map<string, number>()
  /** `host:port` of the broker that was last asked for the progress in a queue or told of it. */
  readonly #addresses = new Map<string, string>()
  /** Queues that were left since their broker was gone: how far this member is in them. */
  readonly #away = new Map<string, Left>()
  #queues: () => Iterable<Progressing> = () => []
  #cancelTimer: CancelTimer | undefined
  #cancelRest: CancelTimer | undefined
  #lastDoneMs = 0
  #isKeeping = false

  /** @param store for broadcast */
  constructor(client: ClusterClient, group: string, store: OffsetStore | undefined) {
    this.#client = client
    this.#group = group
    this.#store = store
  }

  start(queues: () => Iterable<Progressing>): void {
    this.#queues = queues
    this.#cancelTimer ??= this.#client.runtime.clock.every(intervalMs, () => this.#keepAll())
  }

  /** A queue has nothing to do at the moment. */
  rests(): void {
    if (this.#cancelTimer === undefined) return
    this.#lastDoneMs = this.#client.runtime.clock.turnTime()
    if (this.#cancelRest === undefined) this.#keepAfterRest(restMs)
  }

  #keepAfterRest(delayMs: number): void {
    const { clock } = this.#client.runtime
    this.#cancelRest = clock.after(delayMs, () => {
      this.#cancelRest = undefined
      const leftMs = restMs - (clock.turnTime() - this.#lastDoneMs)
      if (leftMs > 1) this.#keepAfterRest(leftMs)
      else this.#keepAll()
    })
  }

  #keepAll(): void {
    if (this.#isKeeping) return
    this.#isKeeping = true
    void this.keep([...this.#queues()], intervalMs).finally(() => {
      this.#isKeeping = false
    })
  }

  /**
   * Where the group goes on in a queue: where it was kept to be, or where this member was when the broker went away, since
   * a broker that is killed loses what it was told last.
   * @returns undefined when the group has never been in the queue
   * @throws RocketMQError, and what the store throws
   */
  async kept(queue: QueueRef, address: string, deadline: Deadline): Promise<number | undefined> {
    if (this.#store !== undefined) return this.#store.load(queue)
    const key = queueKey(queue)
    const left = this.#away.get(key)
    this.#addresses.set(key, address)
    const committed = await committedOffset(this.#client, this.#group, queue, address, deadline)
    const { committable: done, storedUntilMs } = left ?? {}
    if (done === undefined || storedUntilMs === undefined || (committed !== undefined && committed >= done)) {
      return committed
    }
    // A broker that lost its messages gives their offsets to those that were stored since. Its own clock tells them apart.
    const lostFrom = await offsetOfPosition(this.#client, queue, address, storedUntilMs + 1, deadline)
    return Math.max(committed ?? 0, Math.min(done, lostFrom))
  }

  /** Keeps an offset at once. @throws RocketMQError, and what the store throws */
  async set(queue: QueueRef, address: string, offset: number, deadline: Deadline): Promise<void> {
    if (this.#store !== undefined) await this.#store.save([{ queue, offset }])
    else await commitOffset(this.#client, this.#group, queue, address, offset, deadline)
    const key = queueKey(queue)
    this.#kept.set(key, offset)
    this.#addresses.set(key, address)
    this.#away.delete(key)
  }

  /** Another member goes on from what is kept: nothing here is known any more. */
  forget(queue: QueueRef): void {
    const key = queueKey(queue)
    this.#kept.delete(key)
    this.#addresses.delete(key)
    this.#away.delete(key)
  }

  /** The queue's broker is gone, and no member can have the queue: until one may have it, this one's progress counts. */
  away(left: Left): void {
    this.forget(left.queue)
    this.#away.set(queueKey(left.queue), left)
  }

  /** Queues of a topic that were left since their broker was gone. */
  awayOf(topic: string): QueueRef[] {
    return [...this.#away.values()].map(({ queue }) => queue).filter((queue) => queue.topic === topic)
  }

  /** Keeps what has changed; what fails is tried again at the next time. */
  async keep(queues: readonly Progressing[], timeoutMs: number): Promise<void> {
    const changed = queues.flatMap(({ queue, committable: offset }) =>
      offset === undefined || this.#kept.get(queueKey(queue)) === offset ? [] : [{ queue, offset }],
    )
    if (changed.length === 0) return
    const { clock } = this.#client.runtime
    const deadline = new Deadline(clock, {}, timeoutMs)
    const { log } = this.#client
    if (this.#store !== undefined) {
      try {
        await deadline.within(Promise.resolve(this.#store.save(changed)))
        for (const { queue, offset } of changed) this.#kept.set(queueKey(queue), offset)
      } catch (error) {
        log.warn({ err: error as Error }, 'offsets could not be kept; it is tried again')
      }
      return
    }
    await Promise.all(
      changed.map(async ({ queue, offset }) => {
        const address = this.#client.routes.masterAddress(queue.broker) ?? this.#forgottenAddress(queue)
        if (address === undefined) return
        try {
          await this.set(queue, address, offset, deadline)
        } catch (error) {
          log.warn(
            { ...queue, offset, err: error as RocketMQError },
            'an offset could not be committed; it is tried again',
          )
        }
      }),
    )
  }

  /**
   * A broker that its name servers forgot may be there all the same. It is, while its connection is open; behind a new one at
   * the same address there may be another broker, which has other messages at the offset.
   */
  #forgottenAddress(queue: QueueRef): string | undefined {
    const { heartbeats, routes } = this.#client
    const address = this.#addresses.get(queueKey(queue))
    if (address === undefined || !heartbeats.isKnown(address) || routes.masterAddresses().has(address)) return undefined
    return address
  }

  close(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#cancelRest?.()
  }
}
