import { ProtocolError, type ResponseCodeName } from '@rocketmq-ts/protocol'
import type { PutOutcome, PutPlace } from '@rocketmq-ts/storage'

/** The code and places of a put that stored something. */
export interface StoredPut {
  code: ResponseCodeName
  remark?: string
  places: readonly PutPlace[]
}

const refusalCodes = {
  closed: 'SERVICE_NOT_AVAILABLE',
  fenced: 'SERVICE_NOT_AVAILABLE',
  'disk-full': 'SERVICE_NOT_AVAILABLE',
  'cutting-back': 'SERVICE_NOT_AVAILABLE',
  illegal: 'MESSAGE_ILLEGAL',
  'light-queues-full': 'LMQ_QUOTA_EXCEEDED',
} as const

/** @throws ProtocolError when nothing was stored */
export function storedPut(outcome: PutOutcome): StoredPut {
  if (outcome.kind === 'refused') throw new ProtocolError(refusalCodes[outcome.cause], outcome.reason)
  if (outcome.kind === 'stored') return { code: 'SUCCESS', places: outcome.places }
  const remark = 'the message is stored, but the disk did not confirm it within syncFlushTimeout'
  return { code: 'FLUSH_DISK_TIMEOUT', remark, places: outcome.places }
}
