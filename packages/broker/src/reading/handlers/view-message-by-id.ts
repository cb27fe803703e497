import { type commands, ProtocolError } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { PacedReads } from '../paced-reads.ts'

export interface ViewParts {
  pacedReads: PacedReads
  store: { recordAt(physicalOffset: number): Promise<Buffer | undefined> }
}

/** VIEW_MESSAGE_BY_ID: the message at a position of the log, which clients take from the offset message id. */
export function viewMessageById(parts: ViewParts): Handler<typeof commands.viewMessageById> {
  return async ({ offset }, { connection }) => {
    const { pacedReads, store } = parts
    pacedReads.check(connection)
    const read = () => store.recordAt(offset)
    const record = await pacedReads.run(connection, read, (found) => found?.length ?? 0)
    if (record === undefined) {
      throw new ProtocolError('SYSTEM_ERROR', `can not find message by the offset, ${offset}`)
    }
    return { body: record }
  }
}
