import { commands, type LogicQueueMappingItem, type RemotingCommand } from '@rocketmq-ts/protocol'
import type { PacedReads, ReadingConnection } from '../reading/paced-reads.ts'
import type { ItemCalls } from './item-calls.ts'

export interface ForwardedCommitsParts {
  itemCalls: Pick<ItemCalls, 'send'>
  /** Bounds how many of a connection are on their way. */
  reads: Pick<PacedReads, 'check' | 'count'>
}

interface GroupInTopic {
  consumerGroup: string
  topic: string
}

/** What came for a queue while a commit was on its way. */
interface Waiting {
  offset: number
  done: PromiseWithResolvers<RemotingCommand>
}

/**
 * Offsets of groups that another broker has to note. For a group and a queue one is on its way at a time, so that none takes the
 * place of a newer one; what comes meanwhile is sent as one, the newest. Commits do not end with their connection: a consumer
 * that stops commits and goes.
 */
export class ForwardedCommits {
  readonly #parts: ForwardedCommitsParts
  /** By the queues and groups for which a commit is on its way. */
  readonly #underWay = new Map<string, { waiting: Waiting | undefined }>()

  constructor(parts: ForwardedCommitsParts) {
    this.#parts = parts
  }

  /**
   * Has the broker of an item note an offset of the item's own queue.
   * @returns its answer, whatever its code; that to a newer offset when one came before this one was sent
   * @throws ProtocolError SYSTEM_ERROR when the broker cannot be asked, SYSTEM_BUSY when too many requests of the connection wait
   */
  async commit(
    connection: ReadingConnection,
    { consumerGroup, topic }: GroupInTopic,
    item: LogicQueueMappingItem,
    offset: number,
  ): Promise<RemotingCommand> {
    const { reads, itemCalls } = this.#parts
    const { queueId, bname } = item
    const key = [bname, queueId, topic, consumerGroup].join('\n')
    const known = this.#underWay.get(key)
    if (known !== undefined) {
      known.waiting ??= { offset, done: Promise.withResolvers() }
      known.waiting.offset = offset
      return known.waiting.done.promise
    }
    reads.check(connection)
    const ofQueue: { waiting: Waiting | undefined } = { waiting: undefined }
    this.#underWay.set(key, ofQueue)
    const send = (commitOffset: number): Promise<RemotingCommand> => {
      const header = { consumerGroup, topic, queueId, commitOffset, lo: false, bname }
      return reads.count(connection, () => itemCalls.send(item, commands.updateConsumerOffset, header))
    }
    const next = (): void => {
      const { waiting } = ofQueue
      ofQueue.waiting = undefined
      if (waiting === undefined) this.#underWay.delete(key)
      else void send(waiting.offset).then(waiting.done.resolve, waiting.done.reject).finally(next)
    }
    return send(offset).finally(next)
  }
}
