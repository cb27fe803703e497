import type { ResponseCodeName } from '@rocketmq-ts/protocol'
import type { ReadResult, ReadStatus } from '@rocketmq-ts/storage'

const codes: Record<Exclude<ReadStatus, 'NO_MATCHED_LOGIC_QUEUE' | 'NO_MESSAGE_IN_QUEUE'>, ResponseCodeName> = {
  FOUND: 'SUCCESS',
  NO_MATCHED_MESSAGE: 'PULL_RETRY_IMMEDIATELY',
  MESSAGE_WAS_REMOVING: 'PULL_RETRY_IMMEDIATELY',
  OFFSET_OVERFLOW_ONE: 'PULL_NOT_FOUND',
  OFFSET_OVERFLOW_BADLY: 'PULL_OFFSET_MOVED',
  OFFSET_TOO_SMALL: 'PULL_OFFSET_MOVED',
}

/** The code of a pull's answer. A queue without messages is no error for one who starts at 0. */
export function pullCode(result: ReadResult, askedOffset: number): ResponseCodeName {
  const { status } = result
  if (status === 'NO_MATCHED_LOGIC_QUEUE' || status === 'NO_MESSAGE_IN_QUEUE') {
    return askedOffset === 0 ? 'PULL_NOT_FOUND' : 'PULL_OFFSET_MOVED'
  }
  return codes[status]
}

/** The remark of a pull's answer. A queue of a topic that nobody has written to yet is one without messages. */
export function pullRemark({ status }: ReadResult): string {
  return status === 'NO_MATCHED_LOGIC_QUEUE' ? 'NO_MESSAGE_IN_QUEUE' : status
}
