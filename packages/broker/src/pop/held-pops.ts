import type { CancelTimer, Clock } from '@rocketmq-ts/platform'
import { popRetryTopicOf, retryTopicPrefix } from '@rocketmq-ts/protocol'
import { LoopShare } from '../loop-share.ts'

/** A request that found nothing and waits for messages of a topic. */
export interface HeldPop {
  readonly topic: string
  readonly group: string
  /** -1 for any queue of the topic. */
  readonly queueId: number
  /** The connection of the one who waits. */
  readonly connectionId: number
  /**
   * Looks again.
   * @returns whether it has been answered; otherwise it goes on waiting. `unable` when it cannot be answered now, whatever
   *   there is: those behind it look, and it looks again when it can
   */
  retry(): boolean | 'unable' | Promise<boolean>
  /** Calls back when it can be answered again, after `unable`. */
  whenAble(callback: () => void): void
  /** Answers that there is still nothing. */
  giveUp(): void
}

export interface HeldPopLimits {
  /** Requests that wait for the same topic, group and queue. */
  popPollingSize: number
  /** Requests that wait in all. */
  maxPopPollingSize: number
}

/** The setting whose limit is reached. */
export type HoldLimit = keyof HeldPopLimits | 'popPollingMapSize'

/** What someone is told who cannot be held. */
export function holdRefusal(limit: HoldLimit): string {
  return `too many requests wait for messages already (${limit}): ask with fewer, or raise it`
}

class Waiting {
  readonly pop: HeldPop
  readonly group: WaitingGroup
  cancelTimer: CancelTimer | undefined
  /** Whether it waits until it can be answered. */
  isUnable = false

  constructor(pop: HeldPop, group: WaitingGroup) {
    this.pop = pop
    this.group = group
  }
}

/** Those of a group that wait for a topic, by the queue that they want. It stays for a while when nobody does. */
class WaitingGroup {
  readonly topic: string
  readonly group: string
  /** Topics whose messages they wait for. */
  readonly topics: readonly string[]
  /** How many wait. */
  count = 0
  readonly queues = new Map<number, Set<Waiting>>()
  /** Queues that are being served, and whether more came meanwhile. */
  readonly serving = new Map<number, { isAgain: boolean }>()

  constructor(topic: string, group: string) {
    this.topic = topic
    this.group = group
    this.topics = [topic, popRetryTopicOf(group, topic, '1'), popRetryTopicOf(group, topic, '2')]
  }
}

const anyQueue = -1
/** Longer waits would be cut by the idle limit of connections. */
const holdMsMax = 110_000
/** Of each turn, to answer very many, or have them look. */
const shareMs = 1
/** So many groups stay for which nobody waits, and about as many as there are others. */
const idleGroupsKept = 64

/**
 * POP requests that wait, by topic and group. Messages of any queue that they wait for wake the one of each group that
 * waits longest, and the next ones for as long as there is something for them; so do messages of the group's retry topics.
 */
export class HeldPops {
  readonly #clock: Clock
  readonly #keysMax: number
  readonly #limits: () => HeldPopLimits
  /** Topic to the groups that wait for its messages; retry topics included. */
  readonly #topics = new Map<string, Map<string, WaitingGroup>>()
  readonly #connections = new Map<number, Set<Waiting>>()
  #keyCount = 0
  #groupCount = 0
  /** Of these, those for which nobody waits. */
  #idleGroupCount = 0
  #count = 0
  #isClosed = false
  readonly #share: LoopShare

  /** @param keysMax combinations of topic, group and queue that requests may wait for (popPollingMapSize) */
  constructor(clock: Clock, keysMax: number, limits: () => HeldPopLimits) {
    this.#clock = clock
    this.#keysMax = keysMax
    this.#limits = limits
    this.#share = new LoopShare(clock, shareMs)
  }

  /** Requests that wait. */
  get count(): number {
    return this.#count
  }

  /** Groups that are kept, whether or not somebody waits. */
  get groupCount(): number {
    return this.#groupCount
  }

  /** Requests that wait for the same topic, group and queue. */
  countOf(topic: string, group: string, queueId: number): number {
    return this.#topics.get(topic)?.get(`${topic}@${group}`)?.queues.get(queueId)?.size ?? 0
  }

  /**
   * Holds a request, or answers it at once when none is held any more.
   * @param timeoutMs how long it may wait; 110 s at most are waited
   * @returns the setting whose limit is reached; undefined when it is held
   */
  hold(pop: HeldPop, timeoutMs: number): HoldLimit | undefined {
    if (this.#isClosed) {
      pop.giveUp()
      return undefined
    }
    const { topic, group, queueId, connectionId } = pop
    const limits = this.#limits()
    if (this.#count >= limits.maxPopPollingSize) return 'maxPopPollingSize'
    const known = this.#topics.get(topic)?.get(`${topic}@${group}`)
    const queue = known?.queues.get(queueId) ?? new Set()
    if (queue.size === 0 && this.#keyCount >= this.#keysMax) return 'popPollingMapSize'
    if (queue.size > 0 && queue.size >= limits.popPollingSize) return 'popPollingSize'
    const waitingGroup = known ?? this.#newGroup(topic, group)
    const waiting = new Waiting(pop, waitingGroup)
    waiting.cancelTimer = this.#clock.after(Math.min(timeoutMs, holdMsMax), () => {
      if (this.#remove(waiting)) pop.giveUp()
    })
    if (queue.size === 0) {
      waitingGroup.queues.set(queueId, queue)
      this.#keyCount++
    }
    queue.add(waiting)
    if (waitingGroup.count++ === 0) this.#idleGroupCount--
    const ofConnection = this.#connections.get(connectionId)
    if (ofConnection === undefined) this.#connections.set(connectionId, new Set([waiting]))
    else ofConnection.add(waiting)
    this.#count++
    return undefined
  }

  /** Messages arrived in a queue. */
  arrived(topic: string, queueId: number): void {
    if (this.#count === 0) return
    const groups = this.#topics.get(topic)
    if (groups === undefined) return
    for (const group of [...groups.values()]) {
      if (group.count === 0) continue
      if (group.topic === topic) this.#serve(group, queueId)
      else this.#serveAll(group)
    }
  }

  /** There is something for a group in a queue again. */
  wake(topic: string, group: string, queueId: number): void {
    if (this.#count === 0) return
    const groups = this.#topics.get(topic)
    if (groups === undefined) return
    const own = groups.get(`${topic}@${group}`)
    if (own !== undefined) this.#serve(own, queueId)
    if (!topic.startsWith(retryTopicPrefix)) return
    for (const waiting of [...groups.values()]) {
      if (waiting.group === group && waiting !== own) this.#serveAll(waiting)
    }
  }

  /** Has all that wait look again: the ends of queues were cut off. Resolves when they have. */
  retryAll(): Promise<void> {
    return this.#each(this.#all(), (group) => this.#serveAll(group))
  }

  /** Answers all that wait for a topic: it is gone. Resolves when they are answered. */
  giveUp(topic: string): Promise<void> {
    const groups = [...(this.#topics.get(topic)?.values() ?? [])]
    return this.#giveUpAll(groups.filter((group) => group.topic === topic))
  }

  /** Answers all of a group: it is gone. Resolves when they are answered. */
  giveUpGroup(group: string): Promise<void> {
    return this.#giveUpAll(this.#all().filter((waiting) => waiting.group === group))
  }

  /** Answers all that wait, and from now on each that comes: the broker stops. Resolves when they are answered. */
  close(): Promise<void> {
    this.#isClosed = true
    return this.#giveUpAll(this.#all())
  }

  /** A connection is gone: its requests give their places up. */
  disconnected(connectionId: number): void {
    const waiting = this.#connections.get(connectionId)
    if (waiting === undefined) return
    this.#connections.delete(connectionId)
    void this.#each(waiting, (one) => this.#giveUp(one))
  }

  #all(): WaitingGroup[] {
    return [...this.#topics].flatMap(([topic, groups]) => [...groups.values()].filter((group) => group.topic === topic))
  }

  /** Those that come meanwhile wait for what is there then. */
  #giveUpAll(groups: readonly WaitingGroup[]): Promise<void> {
    const waiting = groups.flatMap(({ queues }) => [...queues.values()].flatMap((queue) => [...queue]))
    return this.#each(waiting, (one) => this.#giveUp(one))
  }

  /** Others have their turns in between. */
  #each<Item>(items: Iterable<Item>, work: (item: Item) => void): Promise<void> {
    return this.#share.goThrough(steps(items, work))
  }

  #giveUp(waiting: Waiting): void {
    if (this.#remove(waiting)) waiting.pop.giveUp()
  }

  #serve(group: WaitingGroup, queueId: number): void {
    this.#serveQueue(group, anyQueue)
    if (queueId !== anyQueue) this.#serveQueue(group, queueId)
  }

  #serveAll(group: WaitingGroup): void {
    for (const queueId of [...group.queues.keys()]) this.#serveQueue(group, queueId)
  }

  /** Has those that want a queue look, the first one first, until there is nothing for one of them. */
  #serveQueue(group: WaitingGroup, queueId: number): void {
    const serving = group.serving.get(queueId)
    if (serving !== undefined) {
      serving.isAgain = true
      return
    }
    const queue = group.queues.get(queueId)
    if (queue === undefined) return
    for (const waiting of queue) {
      const answered = waiting.pop.retry()
      if (answered === true) this.#remove(waiting)
      else if (answered === 'unable') this.#serveWhenAble(group, queueId, waiting)
      else {
        if (answered !== false) void this.#serveLater(group, queueId, waiting, answered)
        return
      }
    }
  }

  /** There may be something that nobody could be given. */
  #serveWhenAble(group: WaitingGroup, queueId: number, waiting: Waiting): void {
    if (waiting.isUnable) return
    waiting.isUnable = true
    waiting.pop.whenAble(() => {
      waiting.isUnable = false
      this.#serveQueue(group, queueId)
    })
  }

  async #serveLater(
    group: WaitingGroup,
    queueId: number,
    waiting: Waiting,
    answering: Promise<boolean>,
  ): Promise<void> {
    const serving = { isAgain: false }
    group.serving.set(queueId, serving)
    const answered = await answering
    group.serving.delete(queueId)
    if (answered) this.#remove(waiting)
    if (answered || serving.isAgain) this.#serveQueue(group, queueId)
  }

  #newGroup(topic: string, group: string): WaitingGroup {
    if (this.#idleGroupCount > idleGroupsKept + this.#groupCount / 2) this.#dropIdleGroups()
    const made = new WaitingGroup(topic, group)
    const key = `${topic}@${group}`
    for (const one of made.topics) {
      const groups = this.#topics.get(one)
      if (groups === undefined) this.#topics.set(one, new Map([[key, made]]))
      else groups.set(key, made)
    }
    this.#groupCount++
    this.#idleGroupCount++
    return made
  }

  #dropIdleGroups(): void {
    for (const [topic, groups] of this.#topics) {
      for (const [key, group] of groups) {
        if (group.count > 0 || group.serving.size > 0) continue
        groups.delete(key)
        if (topic !== group.topic) continue
        this.#groupCount--
        this.#idleGroupCount--
      }
      if (groups.size === 0) this.#topics.delete(topic)
    }
  }

  #remove(waiting: Waiting): boolean {
    const { pop, group } = waiting
    const queue = group.queues.get(pop.queueId)
    if (!queue?.delete(waiting)) return false
    waiting.cancelTimer?.()
    this.#count--
    const ofConnection = this.#connections.get(pop.connectionId)
    ofConnection?.delete(waiting)
    if (ofConnection?.size === 0) this.#connections.delete(pop.connectionId)
    if (--group.count === 0) this.#idleGroupCount++
    if (queue.size === 0) this.#keyCount--
    return true
  }
}

const itemsInStep = 16

function* steps<Item>(items: Iterable<Item>, work: (item: Item) => void): Generator<void> {
  let count = 0
  for (const item of items) {
    work(item)
    if (++count % itemsInStep === 0) yield
  }
}
