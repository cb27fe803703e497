import { type ConsumerOffsets, consumerOffsetsBody, type DataVersion } from '@rocketmq-ts/protocol'
import type { LeavingQueues } from './leaving-queues.ts'
import type { LightOffsets } from './light-offsets.ts'
import type { LogEnds } from './log-ends.ts'
import type { OffsetMap } from './offset-map.ts'

/**
 * Reads the content of config/consumerOffset.json.
 * @throws BodyError when it is something else
 */
export function readOffsetFile(text: string): ConsumerOffsets {
  return consumerOffsetsBody.parse(text)
}

/** What both files have. */
export interface OffsetTables {
  dataVersion: DataVersion
  /** When groups were deleted with their offsets, and when they were to go on elsewhere. */
  removedGroups: LogEnds
  resetQueues: LogEnds
  offsets: OffsetMap
  pullOffsets: OffsetMap
}

/**
 * The content of config/consumerOffset.json in the layout of `formatConfigJson`, put together
 * from entries that are kept as text: `"topic@group":{queueId:offset}`, tabs for indents, keys in no order.
 */
export function formatOffsetFile(content: OffsetTables): string {
  const { offsets, pullOffsets } = content
  const tables = [
    ...headOf(content),
    table('groupTopicMap', groupEntries(offsets)),
    table('offsetTable', offsets.fileEntries()),
    table('pullOffsetTable', pullOffsets.fileEntries()),
  ]
  return `{\n${tables.join(',\n')}\n}`
}

/**
 * The content of config/lmqConsumerOffset.json, which an official broker with light queues reads instead of
 * consumerOffset.json, in pieces: `lmqOffsetTable` has `"topic@group":offset` of groups with names of light queues.
 * Pieces are asked for over some time. The queues that are to go come first: one that goes meanwhile may still have
 * offsets behind.
 */
export function* lightOffsetFilePieces(
  tables: OffsetTables & { light: LightOffsets; leaving: LeavingQueues },
): Iterable<string> {
  const { offsets, pullOffsets, light, leaving } = tables
  yield `{\n${headOf(tables).join(',\n')},\n`
  if (leaving.size > 0) {
    yield* tablePieces('leavingQueueTable', positionEntries(leaving))
    yield ',\n'
  }
  yield* tablePieces('lmqOffsetTable', light.ownPieces())
  yield ',\n'
  yield* tablePieces('offsetTable', concat(offsets.fileEntries(), light.sharedPieces()))
  yield `,\n${table('pullOffsetTable', pullOffsets.fileEntries())}\n}`
}

function headOf({ dataVersion, removedGroups, resetQueues }: OffsetTables): string[] {
  return [
    versionField(dataVersion),
    ...ownTable('removedGroupTable', removedGroups),
    ...ownTable('resetQueueTable', resetQueues),
  ]
}

function versionField({ counter, stateVersion, timestamp }: DataVersion): string {
  return `\t"dataVersion":{\n\t\t"counter":${counter},\n\t\t"stateVersion":${stateVersion},\n\t\t"timestamp":${timestamp}\n\t}`
}

function* concat(...parts: Iterable<string>[]): IterableIterator<string> {
  for (const part of parts) yield* part
}

function* tablePieces(name: string, entries: Iterable<string>): Iterable<string> {
  let opening = `\t"${name}":{\n`
  let isEmpty = true
  for (const entry of entries) {
    yield opening + entry
    opening = ',\n'
    isEmpty = false
  }
  yield isEmpty ? `\t"${name}":{}` : '\n\t}'
}

function table(name: string, entries: Iterable<string>): string {
  const lines = [...entries]
  return lines.length === 0 ? `\t"${name}":{}` : `\t"${name}":{\n${lines.join(',\n')}\n\t}`
}

/** A table that official brokers do not have: it is not written when it is empty. */
function ownTable(name: string, positions: { size: number; entries(): Iterable<[string, number]> }): string[] {
  return positions.size === 0 ? [] : [table(name, positionEntries(positions))]
}

function* positionEntries(positions: { entries(): Iterable<[string, number]> }): IterableIterator<string> {
  for (const [key, position] of positions.entries()) yield `\t\t${JSON.stringify(key)}:${position}`
}

function* groupEntries(offsets: OffsetMap): IterableIterator<string> {
  for (const group of offsets.groups()) {
    const topics = offsets.topicsOf(group).map((topic) => `\t\t\t${JSON.stringify(topic)}`)
    yield `\t\t${JSON.stringify(group)}:[\n${topics.join(',\n')}\n\t\t]`
  }
}
