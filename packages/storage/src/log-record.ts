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
  tag: string | undefined
  keys: string | undefined
  uniqueKey: string | undefined
}
