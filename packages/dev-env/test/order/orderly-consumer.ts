import {
  commands,
  consumerIdListBody,
  lockBatchRequestBody,
  lockBatchResponseBody,
  unlockBatchRequestBody,
} from '@rocketmq-ts/protocol'
import type { BrokerCalls, BrokerMachine, Cluster, ClusterClient } from '../../src/index.ts'

export const orderTopic = 'Orders'
export const orderGroup = 'in-order'

/** Told what members do, to see whether they do it in order. */
export interface OrderWitness {
  /** A member begins to handle a message of a queue. */
  begins(member: string, queueId: number): void
  /** It has handled the message. */
  ends(member: string, queueId: number, key: string, number: number): void
}

const heartbeatMs = 10_000
const renewMs = 20_000
const rebalanceMs = 1_000
const restMs = 250
const handlingMsMax = 100

/**
 * A member of a group that consumes in order, as the protocol has it: it divides the queues by the list of members, locks
 * its own before it takes anything of them, goes on where the group has committed, and commits what it has handled before it
 * gives a queue up.
 */
export class OrderlyConsumer {
  readonly client: ClusterClient
  readonly #cluster: Cluster
  readonly #calls: BrokerCalls
  readonly #brokerName: string
  readonly #witness: OrderWitness
  readonly #queues: () => number
  readonly #isLocking: boolean
  /** Queues that it holds, with the offset it goes on at. */
  readonly #held = new Map<number, number>()
  #heartbeatAtMs = Number.NEGATIVE_INFINITY
  #renewedAtMs = Number.NEGATIVE_INFINITY
  #rebalancedAtMs = Number.NEGATIVE_INFINITY
  #isOver = false

  /**
   * @param queues how many the topic has now
   * @param isLocking false: it takes queues without asking, which is the defect that locks are there for
   */
  constructor(cluster: Cluster, machine: BrokerMachine, witness: OrderWitness, queues: () => number, isLocking = true) {
    this.client = cluster.newClient()
    this.#cluster = cluster
    this.#calls = this.client.broker(machine)
    this.#brokerName = machine.name
    this.#witness = witness
    this.#queues = queues
    this.#isLocking = isLocking
  }

  /** Consumes until `leave` or `kill`. */
  async run(): Promise<void> {
    while (!this.#isOver) {
      if (this.#nowMs - this.#rebalancedAtMs >= rebalanceMs) await this.#rebalance()
      for (const queueId of [...this.#held.keys()]) {
        if (this.#isOver) break
        await this.#consume(queueId)
      }
      await this.#cluster.sleep(restMs)
    }
  }

  /** Ends in order, once it is done with the message in hand. */
  async leave(running: Promise<void>): Promise<void> {
    this.#isOver = true
    await running
    await this.#giveUp([...this.#held.keys()])
    await this.#calls.ask(commands.unregisterClient, { clientID: this.client.id, consumerGroup: orderGroup })
  }

  /** Ends as it is. */
  kill(): void {
    this.#isOver = true
    this.client.kill()
  }

  get #nowMs(): number {
    return this.#cluster.simulation.monotonic()
  }

  async #rebalance(): Promise<void> {
    this.#rebalancedAtMs = this.#nowMs
    if (this.#nowMs - this.#heartbeatAtMs >= heartbeatMs) {
      this.#heartbeatAtMs = this.#nowMs
      await this.#calls.heartbeat([{ group: orderGroup, topics: { [orderTopic]: '*' } }])
    }
    const own = await this.#ownQueues()
    await this.#giveUp([...this.#held.keys()].filter((queueId) => !own.includes(queueId)))
    const isRenewal = this.#nowMs - this.#renewedAtMs >= renewMs
    const wanted = isRenewal ? own : own.filter((queueId) => !this.#held.has(queueId))
    if (wanted.length === 0) return
    if (isRenewal) this.#renewedAtMs = this.#nowMs
    const locked = this.#isLocking ? await this.#lock(wanted) : wanted
    for (const queueId of wanted) {
      if (!locked.includes(queueId)) this.#held.delete(queueId)
      else if (!this.#held.has(queueId)) {
        this.#held.set(queueId, (await this.#calls.committedOffset(orderGroup, orderTopic, queueId)) ?? 0)
      }
    }
  }

  /** Its share of the queues, each member's side by side. */
  async #ownQueues(): Promise<number[]> {
    const { body } = await this.#calls.ask(commands.getConsumerListByGroup, { consumerGroup: orderGroup })
    const members = consumerIdListBody.decode(body).consumerIdList.sort()
    const index = members.indexOf(this.client.id)
    const queues = Array.from({ length: this.#queues() }, (_, queueId) => queueId)
    return index < 0 ? [] : queues.filter((queueId) => Math.floor((queueId * members.length) / queues.length) === index)
  }

  async #consume(queueId: number): Promise<void> {
    const offset = this.#held.get(queueId)!
    const { messages } = await this.#calls.pull({ topic: orderTopic, queueId, group: orderGroup, offset, countMax: 8 })
    let next = offset
    for (const { properties, queueOffset } of messages) {
      if (this.#isOver) break
      this.#witness.begins(this.client.id, queueId)
      await this.#cluster.sleep(1 + this.#cluster.simulation.random.below(handlingMsMax))
      // What was in hand when the process died is not done, and comes again.
      if (!this.client.process.isAlive) return
      this.#witness.ends(this.client.id, queueId, properties.get('KEYS')!, Number(properties.get('number')))
      next = queueOffset + 1
    }
    if (next === offset) return
    this.#held.set(queueId, next)
    await this.#calls.commitOffset(orderGroup, orderTopic, queueId, next)
  }

  async #lock(queueIds: readonly number[]): Promise<number[]> {
    const body = lockBatchRequestBody.encode(this.#queuesBody(queueIds))
    const answer = await this.#calls.ask(commands.lockBatchMq, {}, body)
    return lockBatchResponseBody.decode(answer.body).lockOKMQSet.map(({ queueId }) => queueId)
  }

  async #giveUp(queueIds: readonly number[]): Promise<void> {
    if (queueIds.length === 0) return
    for (const queueId of queueIds) this.#held.delete(queueId)
    await this.#calls.ask(commands.unlockBatchMq, {}, unlockBatchRequestBody.encode(this.#queuesBody(queueIds)))
  }

  #queuesBody(queueIds: readonly number[]) {
    const mqSet = queueIds.map((queueId) => ({ topic: orderTopic, brokerName: this.#brokerName, queueId }))
    return { consumerGroup: orderGroup, clientId: this.client.id, onlyThisBroker: false, mqSet }
  }
}
