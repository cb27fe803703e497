import { defineBody } from './body.ts'
import { flag, int, list, long, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'

const zero = withDefault(long, () => 0)

const slaveConnectionShape = record({
  addr: optional(text),
  /** The position up to which the slave has the log, and by how much that is behind, in bytes. */
  slaveAckOffset: zero,
  diff: zero,
  inSync: withDefault(flag, () => false),
  transferredByteInSecond: zero,
  transferFromWhere: zero,
})

const slaveSideShape = record({
  masterAddr: optional(text),
  transferredByteInSecond: zero,
  maxOffset: zero,
  /** Milliseconds since 1970. */
  lastReadTimestamp: zero,
  lastWriteTimestamp: zero,
  masterFlushOffset: zero,
  activated: withDefault(flag, () => false),
})

const haRuntimeShape = record({
  master: withDefault(flag, () => false),
  masterCommitLogMaxOffset: zero,
  inSyncSlaveNums: withDefault(int, () => 0),
  /** A master's slaves. */
  haConnectionInfo: withDefault(list(slaveConnectionShape), () => []),
  /** What a slave knows of its master; nothing but zeros at a master. */
  haClientRuntimeInfo: optional(slaveSideShape),
})

/** How far the replicas of a broker are. */
export type HaRuntime = ShapeValue<typeof haRuntimeShape>

/** Response body of request 907. */
export const haRuntimeBody = defineBody('HARuntimeInfo', haRuntimeShape)
