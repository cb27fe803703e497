import { type commands, ProtocolError } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { KeyKind } from '@rocketmq-ts/storage'
import type { PacedReads } from '../paced-reads.ts'

export interface QueryParts {
  pacedReads: PacedReads
  store: {
    findByKey(topic: string, key: string, kind: KeyKind, countMax: number, beginMs: number, endMs: number): number[]
    recordAt(physicalOffset: number): Promise<Buffer | undefined>
    lastIndexed: { storeTimestamp: number; physicalOffset: number }
  }
  settings(): { defaultQueryMaxNum: number; maxMsgsNumBatch: number }
}

function bytesOfAll(records: readonly (Buffer | undefined)[]): number {
  return records.reduce((sum, record) => sum + (record?.length ?? 0), 0)
}

const nothingFound = { indexLastUpdateTimestamp: 0, indexLastUpdatePhyoffset: 0 }

/**
 * QUERY_MESSAGE: messages by key, unique id or tag. Only hashes are compared: clients compare the keys themselves. The
 * newest are chosen, and answered in the order in which they were stored.
 */
export function queryMessage(parts: QueryParts): Handler<typeof commands.queryMessage> {
  return async (header, { connection }) => {
    const { store, pacedReads } = parts
    pacedReads.check(connection)
    const { defaultQueryMaxNum, maxMsgsNumBatch } = parts.settings()
    const asked = header._UNIQUE_KEY_QUERY === true ? defaultQueryMaxNum : header.maxNum
    if (asked < 0) throw new ProtocolError('INVALID_PARAMETER', `maxNum is ${asked}: it must be 0 or more`)
    const countMax = Math.min(asked, maxMsgsNumBatch)
    const kind: KeyKind = header.indexType === 'T' ? 'tag' : 'key'
    const { topic, key, beginTimestamp, endTimestamp } = header
    const found = store.findByKey(topic, key, kind, countMax, beginTimestamp, endTimestamp)
    const positions = [...new Set(found)].sort((left, right) => left - right)
    const read = () => Promise.all(positions.map((position) => store.recordAt(position)))
    const records = (await pacedReads.run(connection, read, bytesOfAll)).filter((record) => record !== undefined)
    if (records.length === 0) {
      const remark = 'can not find message, maybe time range not correct'
      return { code: 'QUERY_NOT_FOUND', remark, header: nothingFound }
    }
    const { storeTimestamp, physicalOffset } = store.lastIndexed
    return {
      header: { indexLastUpdateTimestamp: storeTimestamp, indexLastUpdatePhyoffset: physicalOffset },
      body: records,
    }
  }
}
