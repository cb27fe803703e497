import { commands, type LiteOffsetOption, liteSubscriptionsBody, liteTopicProblem } from '@rocketmq-ts/protocol'
import type { OffsetTarget } from '../admin/descriptions.ts'
import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { invalidArgument, type RocketMQError } from '../rocketmq-error.ts'
import { masterId } from '../routing/topic-route.ts'
import { type LitePosition, LitePositions } from './lite-positions.ts'

/** A broker that has lite topics of the parent topic. */
export interface LiteBroker {
  readonly name: string
  readonly address: string
}

export interface LiteSubscriptionsParts {
  readonly client: ClusterClient
  readonly group: string
  /** The parent topic, as the servers know it. */
  readonly topic: string
  /** Subscribed to from the start; their names are checked. */
  readonly initial: readonly string[]
  /** Another member of the group has taken a lite topic over. */
  onTaken(liteTopic: string): void
}

type Action = 'PARTIAL_ADD' | 'PARTIAL_REMOVE' | 'COMPLETE_ADD' | 'COMPLETE_REMOVE'

/** Milliseconds between two times that brokers are told everything. They forget a client that says nothing for 3 minutes. */
const repeatMs = 30_000

/**
 * The lite topics that a client subscribes to, and what brokers know of them (LITE_SUBSCRIPTION_CTL). Changes are told at once;
 * everything is told over each new connection, and again every 30 s, since brokers keep it in memory alone.
 */
export class LiteSubscriptions {
  readonly #parts: LiteSubscriptionsParts
  readonly #names: Set<string>
  readonly #positions = new LitePositions()
  /** Names of the brokers that the topic has, or had. */
  readonly #seen = new Set<string>()
  /** Brokers that were told everything over the connection that is open, by address. */
  readonly #told = new Set<string>()
  /** What is being told to each broker: one change after the other, so that none overtakes another. */
  readonly #turns = new Map<string, Promise<unknown>>()
  #version = 0
  #cancelTimer: (() => void) | undefined

  constructor(parts: LiteSubscriptionsParts) {
    this.#parts = parts
    this.#names = new Set(parts.initial)
  }

  get names(): ReadonlySet<string> {
    return this.#names
  }

  start(): void {
    this.#cancelTimer ??= this.#parts.client.runtime.clock.every(repeatMs, () => void this.#repeat())
  }

  close(): void {
    this.#cancelTimer?.()
  }

  /**
   * Subscribes to lite topics as well. A broker that is away learns of it when it is back, and of where the group goes on.
   * @param from where the group goes on in them; where it is without it
   * @throws RocketMQError INVALID_ARGUMENT; LITE_SUBSCRIPTION_QUOTA_EXCEEDED, or ILLEGAL_OPERATION where the group takes all
   * lite topics; and when no broker answers. Then everything is as before, but for where a broker that took it lets the group go on
   */
  async add(liteTopics: readonly string[], from: OffsetTarget | undefined, deadline: Deadline): Promise<void> {
    checkLiteTopics(liteTopics)
    if (liteTopics.length === 0) return
    const nowMs = this.#parts.client.runtime.clock.now()
    const position = from === undefined ? undefined : this.#positions.add(liteTopics, from, nowMs)
    const added = liteTopics.filter((name) => !this.#names.has(name))
    for (const name of added) this.#names.add(name)
    try {
      await this.#atAll(deadline, async (broker) => {
        if (position === undefined) await this.#tell(broker, 'PARTIAL_ADD', liteTopics, deadline)
        else await this.#tellPosition(broker, position, false, deadline)
      })
      if (position !== undefined) this.#positions.confirm(position, this.#seen)
    } catch (error) {
      for (const name of added) this.#names.delete(name)
      if (position !== undefined) this.#positions.withdraw(position)
      // Some of them may have it: they are told everything before they are asked again.
      this.#told.clear()
      throw error
    }
  }

  /**
   * Subscribes to lite topics no more. A broker that is away learns of it when it is back.
   * @throws RocketMQError when no broker answers; it is not subscribed all the same
   */
  async remove(liteTopics: readonly string[], deadline: Deadline): Promise<void> {
    const removed = liteTopics.filter((name) => this.#names.delete(name))
    for (const name of removed) this.#positions.forget(name)
    if (removed.length === 0) return
    await this.#atAll(deadline, (broker) => this.#tell(broker, 'PARTIAL_REMOVE', removed, deadline))
  }

  /** Another member has it: it is not told to brokers again. */
  taken(liteTopic: string): void {
    if (!this.#names.delete(liteTopic)) return
    this.#positions.forget(liteTopic)
    this.#parts.onTaken(liteTopic)
  }

  /** Resolves when a broker knows everything over the connection that is open. @throws RocketMQError */
  async known(broker: LiteBroker, deadline: Deadline): Promise<void> {
    if (this.#told.has(broker.address)) return
    await this.#inTurn(broker, deadline, async () => {
      if (!this.#told.has(broker.address)) await this.#tellEverything(broker, deadline)
    })
  }

  /** Tells all brokers everything. @throws RocketMQError when one refuses it, or none answers */
  async knownEverywhere(deadline: Deadline): Promise<void> {
    await this.#atAll(deadline, async (broker) => {
      if (!this.#told.has(broker.address)) await this.#tellEverything(broker, deadline)
    })
  }

  connectionLost(address: string): void {
    this.#told.delete(address)
  }

  /** The brokers of the parent topic that take requests. @throws RocketMQError TOPIC_NOT_EXIST among others */
  async brokers(deadline: Deadline): Promise<LiteBroker[]> {
    const { client, topic } = this.#parts
    const { brokers } = await client.routes.find(topic, deadline)
    return [...brokers.values()].flatMap(({ brokerName: name, brokerAddrs }) => {
      const address = brokerAddrs.get(masterId)
      this.#seen.add(name)
      return address === undefined ? [] : [{ name, address }]
    })
  }

  /** Tells the brokers that nothing is subscribed to any more; those that do not answer find out by themselves. */
  async leave(deadline: Deadline): Promise<void> {
    this.close()
    const brokers = await this.brokers(deadline).catch((): LiteBroker[] => [])
    const told = brokers
      .filter(({ address }) => this.#told.has(address))
      .map((broker) => this.#inTurn(broker, deadline, () => this.#tell(broker, 'COMPLETE_REMOVE', [], deadline)))
    for (const outcome of await Promise.allSettled(told)) {
      if (outcome.status === 'rejected') this.#parts.client.log.info({ err: outcome.reason }, notTold)
    }
  }

  async #repeat(): Promise<void> {
    const deadline = this.#parts.client.newDeadline()
    const brokers = await this.brokers(deadline).catch((): LiteBroker[] => [])
    const telling = brokers.map((broker) =>
      this.#inTurn(broker, deadline, () => this.#tellEverything(broker, deadline)),
    )
    for (const outcome of await Promise.allSettled(telling)) {
      if (outcome.status === 'rejected') this.#parts.client.log.warn({ err: outcome.reason }, notTold)
    }
  }

  async #tellEverything(broker: LiteBroker, deadline: Deadline): Promise<void> {
    // What a connection is told that is lost meanwhile, it was not told.
    this.#told.add(broker.address)
    const owed = this.#positions.owedTo(broker.name)
    // Nothing is to be given of these before the broker knows where the group goes on.
    const later = new Set(owed.flatMap(({ liteTopics }) => [...liteTopics]))
    try {
      const now = [...this.#names].filter((name) => !later.has(name))
      await this.#tell(broker, 'COMPLETE_ADD', now, deadline)
      for (const position of owed) await this.#tellPosition(broker, position, true, deadline)
    } catch (error) {
      this.#told.delete(broker.address)
      throw error
    }
  }

  async #tellPosition(broker: LiteBroker, position: LitePosition, isLate: boolean, deadline: Deadline): Promise<void> {
    if (!this.#positions.owedTo(broker.name).includes(position)) return
    for (const option of position.options(isLate)) {
      // Those that are not subscribed to any more by then are left out.
      const liteTopics = [...position.liteTopics]
      if (liteTopics.length > 0) await this.#tell(broker, 'PARTIAL_ADD', liteTopics, deadline, option)
    }
    this.#positions.told(position, broker.name)
  }

  /** @throws RocketMQError when a broker refuses it, or none answers */
  async #atAll(deadline: Deadline, tell: (broker: LiteBroker) => Promise<void>): Promise<void> {
    const { client } = this.#parts
    const brokers = await this.brokers(deadline)
    const outcomes = await Promise.allSettled(
      brokers.map((broker) =>
        this.#inTurn(broker, deadline, async () => {
          await deadline.within(client.heartbeats.known(broker.address))
          await tell(broker)
        }),
      ),
    )
    const failures: RocketMQError[] = []
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') continue
      failures.push(outcome.reason as RocketMQError)
      this.#told.delete(brokers[index]!.address)
      client.log.warn({ broker: brokers[index]!.name, err: outcome.reason }, notTold)
    }
    const refusal = failures.find(({ responseCode }) => responseCode !== undefined)
    const isEverywhere = failures.length > 0 && failures.length === brokers.length
    if (refusal !== undefined || isEverywhere) throw refusal ?? failures[0]
  }

  async #tell(
    broker: LiteBroker,
    action: Action,
    liteTopicSet: readonly string[],
    deadline: Deadline,
    offsetOption?: LiteOffsetOption,
  ): Promise<void> {
    const { client, group, topic } = this.#parts
    const { clientId } = client
    const version = ++this.#version
    const change = { action, clientId, group, topic, liteTopicSet: [...liteTopicSet], version }
    const entry = offsetOption === undefined ? change : { ...change, offsetOption }
    const body = liteSubscriptionsBody.encode({ subscriptionSet: [entry] })
    await client.askForSuccess(broker, { command: commands.liteSubscriptionCtl, header: {}, body }, deadline)
  }

  /** Whoever gives up waiting leaves the order of the others as it is. @throws RocketMQError of the deadline, or of `act` */
  async #inTurn<Result>({ address }: LiteBroker, deadline: Deadline, act: () => Promise<Result>): Promise<Result> {
    const before = this.#turns.get(address)
    const turn = (async () => {
      if (before !== undefined) await deadline.within(before)
      return act()
    })()
    const ended = Promise.allSettled([before, turn]).then(() => {})
    this.#turns.set(address, ended)
    try {
      return await turn
    } finally {
      if (this.#turns.get(address) === ended) this.#turns.delete(address)
    }
  }
}

const notTold = 'a broker was not told yet of the lite topics that are subscribed to'

/** @throws RocketMQError INVALID_ARGUMENT */
export function checkLiteTopics(liteTopics: readonly string[]): void {
  for (const name of liteTopics) {
    const problem =
      typeof name === 'string' ? liteTopicProblem(name) : `"${name}" cannot name a lite topic: give a text`
    if (problem !== undefined) throw invalidArgument(problem)
  }
}
