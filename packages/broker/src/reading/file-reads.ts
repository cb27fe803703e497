import { Places } from '@rocketmq-ts/base'
import { ProtocolError } from '@rocketmq-ts/protocol'
import type { RemotingConnection } from '@rocketmq-ts/remoting'

/** What a read needs to know of the connection that its answer goes to. */
export type ReadingConnection = Pick<RemotingConnection, 'id' | 'isClosed' | 'takesAnswer' | 'whenTaking'>

/** Reads of one connection that are made at a time. */
const perConnectionAtOnce = 4

export interface FileReadLimits {
  /** Reads that one connection may wait for. */
  perConnectionMax: number
  /** Reads of all connections from which on each may wait for fewer, so that many do not take all places of their lane. */
  crowdedFrom: number
  perConnectionMaxWhenCrowded: number
}

interface OfConnection {
  places: Places
  count: number
}

/**
 * Reads of files, by the connection that asked. Such reads wait for each other, so one client that asks for very many at
 * once would make the others wait too. Their answers are large, so one that does not take its answers gets no more.
 */
export class FileReads {
  readonly #limits: FileReadLimits
  readonly #connections = new Map<number, OfConnection>()
  /** Reads that wait for their connection. */
  readonly #sleepers = new Set<() => void>()
  #underWay = 0
  #isClosed = false

  constructor(limits: FileReadLimits) {
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
      `[TOO_MANY_READS]${count} requests of this connection wait for files already: ` +
      'ask again later, or spread the clients over more connections'
    throw new ProtocolError('SYSTEM_BUSY', remark)
  }

  /**
   * Reads when it is the turn of the connection. What was read when the connection takes no such answer is let go of, and
   * read once more when it does.
   * @param bytesOf what the answer with the result will have
   * @throws ProtocolError when the connection or the broker ends before; what `read` throws
   */
  async run<Result>(
    connection: ReadingConnection,
    read: () => Result | Promise<Result>,
    bytesOf: (result: Result) => number,
  ): Promise<Result> {
    let ofConnection = this.#connections.get(connection.id)
    if (ofConnection === undefined) {
      ofConnection = { places: new Places(perConnectionAtOnce), count: 0 }
      this.#connections.set(connection.id, ofConnection)
    }
    ofConnection.count++
    this.#underWay++
    try {
      return await ofConnection.places.run(() => this.#read(connection, read, bytesOf))
    } finally {
      this.#underWay--
      ofConnection.count--
      if (ofConnection.count === 0) this.#connections.delete(connection.id)
    }
  }

  /** The broker stops: reads whose connection takes no answer are given up. */
  close(): void {
    this.#isClosed = true
    for (const wake of [...this.#sleepers]) wake()
  }

  async #read<Result>(
    connection: ReadingConnection,
    read: () => Result | Promise<Result>,
    bytesOf: (result: Result) => number,
  ): Promise<Result> {
    for (;;) {
      if (connection.isClosed || this.#isClosed) {
        throw new ProtocolError('SERVICE_NOT_AVAILABLE', 'the connection or the broker ended before files were read')
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
