/** What the followers of the log learn of a record. */
export interface LogRecord {
  physicalOffset: number
  totalSize: number
  topic: string
  queueId: number
  queueOffset: number
  sysFlag: number
  storeTimestamp: number
  tagsCode: number
  /** What the key index knows the message by. */
  keyHashes: readonly number[]
}
