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
import type { StaticTopic } from './static-topic.ts'

export interface ItemCallsOptions {
  /** How other brokers are called. */
  calls: Pick<RemotingClient, 'call'>
  /** `host:port` of the master of a broker that has the topic; undefined when no name server knows it. */
  masterAddress(topic: string, brokerName: string): Promise<string | undefined>
  /** Milliseconds for connecting to another broker, and again for its answer. */
  timeoutMs(): number
}

/** Fields by which a request says which queue of a topic it is about. */
interface QueueHeader {
  topic: string
  queueId: number
}

/** Asks the broker that has an item of a logical queue, which may be this one. */
export class ItemCalls {
  readonly #options: ItemCallsOptions

  constructor(options: ItemCallsOptions) {
    this.#options = options
  }

  /**
   * Has a request answered by the broker of an item, about the item's own queue.
   * @param here answers it when that is this broker
   * @returns the answer, whatever its code
   * @throws ProtocolError SYSTEM_ERROR when another broker has the item and cannot be asked
   */
  async ask<C extends AnyCommand>(
    topic: StaticTopic,
    item: LogicQueueMappingItem,
    command: C,
    header: RequestOf<C> & QueueHeader,
    here: (header: RequestOf<C>) => ReturnType<Handler<C>>,
  ): Promise<Reply<C>> {
    const ofItem = { ...header, queueId: item.queueId, lo: false, bname: item.bname }
    if (!topic.isHere(item)) return replyOf(command, await this.send(item, command, ofItem))
    try {
      const reply = await here(ofItem)
      if (reply === answeredLater) throw new Error(`${command.name} is answered later`)
      return reply
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      return { code: error.responseCode, remark: error.message }
    }
  }

  /** Sends a request to the broker of an item. @throws ProtocolError SYSTEM_ERROR when it cannot be asked */
  async send<C extends AnyCommand>(
    { bname }: LogicQueueMappingItem,
    command: C,
    header: RequestOf<C> & { topic: string },
  ): Promise<RemotingCommand> {
    const { calls, masterAddress, timeoutMs } = this.#options
    const address = await masterAddress(header.topic, bname!)
    if (address === undefined) {
      const remark = `the broker ${bname} holds a part of this queue of ${header.topic}, and no name server knows its address`
      throw new ProtocolError('SYSTEM_ERROR', remark)
    }
    try {
      return await calls.call(address, command, { header, timeoutMs: timeoutMs() })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const remark = `the broker ${bname} holds a part of this queue of ${header.topic}, and cannot be asked: ${reason}`
      throw new ProtocolError('SYSTEM_ERROR', remark)
    }
  }
}

/** The answer of another broker as one of this broker. */
function replyOf<C extends AnyCommand>(command: C, answer: RemotingCommand): Reply<C> {
  const code = responseCodeName(answer.code) ?? 'SYSTEM_ERROR'
  const { remark, extFields, body } = answer
  return {
    code,
    ...(remark === undefined ? {} : { remark }),
    ...(code === 'SUCCESS' ? { header: command.responseCodec.decode(extFields) as ResponseOf<C> } : {}),
    ...(body === undefined ? {} : { body }),
  }
}
