import {
  type AnyCommand,
  type LogicQueueMappingItem,
  ProtocolError,
  type RemotingCommand,
  type RequestOf,
  type ResponseOf,
  responseCodeName,
} from '@rocketmq-ts/protocol'
import { answeredLater, type Handler, type RemotingClient, type Reply } from '@rocketmq-ts/remoting'
import type { PacedReads, ReadingConnection } from '../reading/paced-reads.ts'
import type { StaticTopic } from './static-topic.ts'

export interface ItemCallsOptions {
  /** How other brokers are called. */
  calls: Pick<RemotingClient, 'call'>
  /** `host:port` of the master of a broker that has the topic; undefined when no name server knows it. */
  masterAddress(topic: string, brokerName: string): Promise<string | undefined>
  /** Told an address at which the broker could not be asked. */
  doubtMaster(topic: string, brokerName: string, address: string): void
  /** How requests of one connection take turns. */
  reads: Pick<PacedReads, 'check' | 'run'>
  /** Milliseconds for connecting to another broker, and again for its answer. */
  timeoutMs(): number
}

/** Fields by which a request says which queue of a topic it is about. */
interface QueueHeader {
  topic: string
  queueId: number
}

/** Why a broker could not be asked. */
interface Failure {
  readonly reason: string
}

/** Asks the broker that has an item of a logical queue, which may be this one. */
export class ItemCalls {
  readonly #options: ItemCallsOptions
  /** Of brokers that could not be asked the last time, by their names. */
  readonly #failures = new Map<string, Failure>()

  constructor(options: ItemCallsOptions) {
    this.#options = options
  }

  /**
   * Has a request answered by the broker of an item, about the item's own queue.
   * @param connection that it came over
   * @param here answers it when that is this broker
   * @returns the answer, whatever its code
   * @throws ProtocolError what `forward` throws when another broker has the item
   */
  async ask<C extends AnyCommand>(
    connection: ReadingConnection,
    topic: StaticTopic,
    item: LogicQueueMappingItem,
    command: C,
    header: RequestOf<C> & QueueHeader,
    here: (header: RequestOf<C>) => ReturnType<Handler<C>>,
  ): Promise<Reply<C>> {
    const ofItem = { ...header, queueId: item.queueId, lo: false, bname: item.bname }
    if (!topic.isHere(item)) return replyOf(command, await this.forward(connection, item, command, ofItem))
    try {
      const reply = await here(ofItem)
      if (reply === answeredLater) throw new Error(`${command.name} is answered later`)
      return reply
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      return { code: error.responseCode, remark: error.message }
    }
  }

  /**
   * Sends a request that came over a connection to the broker of an item, when it is the turn of the connection and that takes
   * the answer. Those that wait for their turn while the broker cannot be asked do not try it again one after the other.
   * @returns the answer, whatever its code
   * @throws ProtocolError SYSTEM_ERROR when the broker cannot be asked, SYSTEM_BUSY when too many requests of the connection wait,
   *   SERVICE_NOT_AVAILABLE when the connection or this broker ends before
   */
  async forward<C extends AnyCommand>(
    connection: ReadingConnection,
    item: LogicQueueMappingItem,
    command: C,
    header: RequestOf<C> & { topic: string },
  ): Promise<RemotingCommand> {
    const { reads } = this.#options
    const bname = item.bname!
    const failureBefore = this.#failures.get(bname)
    reads.check(connection)
    return reads.run(
      connection,
      () => {
        const failure = this.#failures.get(bname)
        if (failure !== undefined && failure !== failureBefore) throw unreachable(bname, header.topic, failure.reason)
        return this.send(item, command, header)
      },
      ({ body }) => body?.length ?? 0,
      bname,
    )
  }

  /** Sends a request to the broker of an item. @throws ProtocolError SYSTEM_ERROR when it cannot be asked */
  async send<C extends AnyCommand>(
    item: LogicQueueMappingItem,
    command: C,
    header: RequestOf<C> & { topic: string },
  ): Promise<RemotingCommand> {
    const { calls, masterAddress, doubtMaster, timeoutMs } = this.#options
    const bname = item.bname!
    const { topic } = header
    const address = await masterAddress(topic, bname)
    try {
      if (address === undefined) throw new Error('no name server knows its address')
      const answer = await calls.call(address, command, { header, timeoutMs: timeoutMs() })
      this.#failures.delete(bname)
      return answer
    } catch (error) {
      if (address !== undefined) doubtMaster(topic, bname, address)
      const reason = error instanceof Error ? error.message : String(error)
      this.#failures.set(bname, { reason })
      throw unreachable(bname, topic, reason)
    }
  }
}

function unreachable(bname: string, topic: string, reason: string): ProtocolError {
  const remark = `the broker ${bname} holds a part of this queue of ${topic}, and cannot be asked: ${reason}`
  return new ProtocolError('SYSTEM_ERROR', remark)
}

/** The answer of another broker as one of this broker. */
export function replyOf<C extends AnyCommand>(command: C, answer: RemotingCommand): Reply<C> {
  const code = responseCodeName(answer.code) ?? 'SYSTEM_ERROR'
  const { remark, extFields, body } = answer
  return {
    code,
    ...(remark === undefined ? {} : { remark }),
    ...(code === 'SUCCESS' ? { header: command.responseCodec.decode(extFields) as ResponseOf<C> } : {}),
    ...(body === undefined ? {} : { body }),
  }
}
