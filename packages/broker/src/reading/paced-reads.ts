import { Places } from '@rocketmq-ts/base'
import { ProtocolError } from '@rocketmq-ts/protocol'
import type { RemotingConnection } from '@rocketmq-ts/remoting'

/** What a read needs to know of the connection that its answer goes to. */
export type ReadingConnection = Pick<RemotingConnection, 'id' | 'isClosed' | 'takesAnswer' | 'whenTaking'>

/** Reads of one connection that are made at a time. */
const perConnectionAtOnce = 4

export interface PacedReadLimits {
  /** Reads that one connection may wait for. */
  perConnectionMax: number
  /** Reads of all connections from which on each may wait for fewer, so that many do not take all places of their lane. */
  crowdedFrom: number
  perConnectionMaxWhenCrowded: number
}

interface OfConnection {
  ofFiles: Places
  /** By the names of other brokers. */
  ofBrokers: Map<string, Places> | undefined
  count: number
}

/**
 * Reads of files, and of other brokers that hold a part of a static topic, by the connection that asked. Such reads wait for
 * each other, so one client that asks for very many at once would make the others wait too. Their answers are large, so one
 * that does not take its answers gets no more.
 */
export class PacedReads {
  readonly #limits: PacedReadLimits
  readonly #connections = new Map<number, OfConnection>()
  /** Reads that wait for their connection. */
  readonly #sleepers = new Set<() => void>()
  #underWay = 0
  #isClosed = false

  constructor(limits: PacedReadLimits) {
    this.#limits = limits
  }

  /** Reads under way, of all connections. */
  get underWay(): number {
    return this.#underWay
  }

  /** @throws ProtocolError when a connection has asked for so many reads that it may not ask for another one */
  check({ id }: ReadingConnection): void {
    const { perConnectionMax, crowdedFrom, perConnectionMaxWhenCrowded } = this.#limits
    const count = this.#connections.get(id)?.count ?? 0
    if (count < (this.#underWay < crowdedFrom ? perConnectionMax : perConnectionMaxWhenCrowded)) return
    const remark =
      `[TOO_MANY_READS]${count} requests of this connection wait for files or other brokers already: ` +
      'ask again later, or spread the clients over more connections'
    throw new ProtocolError('SYSTEM_BUSY', remark)
  }

  /**
   * Reads when it is the turn of the connection. What was read when the connection takes no such answer is let go of, and
   * read once more when it does.
   * @param bytesOf what the answer with the result will have
   * @param brokerName of the broker that is asked, where no file is read: reads of one do not wait for those of another one
   * @throws ProtocolError when the connection or the broker ends before; what `read` throws
   */
  run<Result>(
    connection: ReadingConnection,
    read: () => Result | Promise<Result>,
    bytesOf: (result: Result) => number,
    brokerName?: string,
  ): Promise<Result> {
    const ofConnection = this.#ofConnection(connection)
    const places = brokerName === undefined ? ofConnection.ofFiles : placesOfBroker(ofConnection, brokerName)
    return this.#counted(connection, ofConnection, () => places.run(() => this.#read(connection, read, bytesOf)))
  }

  /** Counts something among the reads of a connection that takes no turn, and goes on when the connection ends. */
  count<Result>(connection: ReadingConnection, work: () => Promise<Result>): Promise<Result> {
    return this.#counted(connection, this.#ofConnection(connection), work)
  }

  /** The broker stops: reads whose connection takes no answer are given up. */
  close(): void {
    this.#isClosed = true
    for (const wake of [...this.#sleepers]) wake()
  }

  #ofConnection({ id }: ReadingConnection): OfConnection {
    let ofConnection = this.#connections.get(id)
    if (ofConnection === undefined) {
      ofConnection = { ofFiles: new Places(perConnectionAtOnce), ofBrokers: undefined, count: 0 }
      this.#connections.set(id, ofConnection)
    }
    return ofConnection
  }

  async #counted<Result>(
    { id }: ReadingConnection,
    ofConnection: OfConnection,
    work: () => Promise<Result>,
  ): Promise<Result> {
    ofConnection.count++
    this.#underWay++
    try {
      return await work()
    } finally {
      this.#underWay--
      ofConnection.count--
      if (ofConnection.count === 0) this.#connections.delete(id)
    }
  }

  async #read<Result>(
    connection: ReadingConnection,
    read: () => Result | Promise<Result>,
    bytesOf: (result: Result) => number,
  ): Promise<Result> {
    for (;;) {
      if (connection.isClosed || this.#isClosed) {
        throw new ProtocolError('SERVICE_NOT_AVAILABLE', 'the connection or the broker ended before it was read')
      }
      if (connection.takesAnswer(0)) {
        const result = await read()
        if (connection.takesAnswer(bytesOf(result))) return result
      }
      await this.#untilTaking(connection)
    }
  }

  #untilTaking(connection: ReadingConnection): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(wake)
        resolve()
      }
      this.#sleepers.add(wake)
      connection.whenTaking(wake)
      if (this.#isClosed) wake()
    })
  }
}

function placesOfBroker(ofConnection: OfConnection, brokerName: string): Places {
  ofConnection.ofBrokers ??= new Map()
  let places = ofConnection.ofBrokers.get(brokerName)
  if (places === undefined) {
    places = new Places(perConnectionAtOnce)
    ofConnection.ofBrokers.set(brokerName, places)
  }
  return places
}
