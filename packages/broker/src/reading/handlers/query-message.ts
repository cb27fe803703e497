import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { KeyKind } from '@rocketmq-ts/storage'

export interface QueryParts {
  store: {
    findByKey(topic: string, key: string, kind: KeyKind, countMax: number, beginMs: number, endMs: number): number[]
    recordAt(physicalOffset: number): Promise<Buffer | undefined>
    lastIndexed: { storeTimestamp: number; physicalOffset: number }
  }
  settings(): { defaultQueryMaxNum: number; maxMsgsNumBatch: number }
}

/** QUERY_MESSAGE: messages by key, unique id or tag. Only hashes are compared: clients compare the keys themselves. */
export function queryMessage(parts: QueryParts): Handler<typeof commands.queryMessage> {
  return async (header) => {
    const { store } = parts
    const { defaultQueryMaxNum, maxMsgsNumBatch } = parts.settings()
    const asked = header._UNIQUE_KEY_QUERY === true ? defaultQueryMaxNum : header.maxNum
    const countMax = Math.min(Math.max(asked, 1), maxMsgsNumBatch)
    const kind: KeyKind = header.indexType === 'T' ? 'tag' : 'key'
    const { topic, key, beginTimestamp, endTimestamp } = header
    const positions = store.findByKey(topic, key, kind, countMax, beginTimestamp, endTimestamp)
    const records = (await Promise.all(positions.map((position) => store.recordAt(position)))).filter(
      (record) => record !== undefined,
    )
    const { storeTimestamp, physicalOffset } = store.lastIndexed
    const answer = { indexLastUpdateTimestamp: storeTimestamp, indexLastUpdatePhyoffset: physicalOffset }
    if (records.length === 0) {
      const remark = 'can not find message, maybe time range not correct'
      return { code: 'QUERY_NOT_FOUND', remark, header: answer }
    }
    return { header: answer, body: records }
  }
}
