import { type ConsumerOffsets, consumerOffsetsBody, type DataVersion } from '@rocketmq-ts/protocol'
import type { LeavingQueues } from './leaving-queues.ts'
import type { LightOffsets } from './light-offsets.ts'
import type { LogEnds } from './log-ends.ts'
import type { OffsetMap } from './offset-map.ts'

/** The content of either file. */
export interface OffsetFile extends Omit<ConsumerOffsets, 'lmqOffsetTable'> {
  /** What is in `lmqOffsetTable`, to be gone through once: there may be a million. */
  lightOffsets: Iterable<readonly [key: string, offset: number]>
}

/**
 * Reads the content of config/consumerOffset.json or config/lmqConsumerOffset.json.
 * @throws BodyError when it is something else
 */
export function readOffsetFile(text: string): OffsetFile {
  const lines = lightLines(text)
  const rest = lines === undefined ? text : text.slice(0, lines.start) + text.slice(lines.end)
  const { lmqOffsetTable, ...content } = consumerOffsetsBody.parse(rest)
  const lightOffsets = lines === undefined ? (lmqOffsetTable ?? []) : lightEntries(text, lines)
  return { ...content, lightOffsets }
}

const lightTableName = 'lmqOffsetTable'
/** A line of it, with a name that is one in JSON. */
const lightLine = /\t\t("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-f]{4}))*"):(\d{1,15})(?:,\n|\n(?=\t\}))/uy

interface TextRange {
  start: number
  end: number
}

/**
 * Where the lines of `lmqOffsetTable` stand, when all are as `lightOffsetFilePieces` writes them. Read as JSON, a million of
 * them would take several times the memory that is needed for good.
 */
function lightLines(text: string): TextRange | undefined {
  const opening = `\n\t"${lightTableName}":{\n`
  const at = text.indexOf(opening)
  if (at < 0) return undefined
  const start = at + opening.length
  const end = text.indexOf('\n\t}', start) + 1
  for (lightLine.lastIndex = start; lightLine.lastIndex < end; ) if (!lightLine.test(text)) return undefined
  return end > start ? { start, end } : undefined
}

function* lightEntries(text: string, { start, end }: TextRange): IterableIterator<readonly [string, number]> {
  for (let at = start; at < end; ) {
    lightLine.lastIndex = at
    const [, name, offset] = lightLine.exec(text)!
    at = lightLine.lastIndex
    yield [JSON.parse(name!), Number(offset)]
  }
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
 * The content of config/consumerOffset.json in the layout of `formatConfigJson`, in pieces, put together from entries that are
 * kept as text: `"topic@group":{queueId:offset}`, tabs for indents, keys in no order. Pieces are asked for over some time:
 * what groups are without comes last, or a group that goes meanwhile would have no offsets, and nothing would say so.
 */
export function* offsetFilePieces(tables: OffsetTables): Iterable<string> {
  yield `{\n${versionField(tables.dataVersion)},\n`
  yield* groupTopicPieces(tables.offsets)
  yield ',\n'
  yield* tablePieces('offsetTable', tables.offsets.fileEntries())
  yield* endPieces(tables)
}

/**
 * The content of config/lmqConsumerOffset.json, which an official broker with light queues reads instead of
 * consumerOffset.json, in pieces like those: `lmqOffsetTable` has `"topic@group":offset` of groups with names of light queues.
 * The queues that are to go come first: one that goes meanwhile may still have offsets behind.
 */
export function* lightOffsetFilePieces(
  tables: OffsetTables & { light: LightOffsets; leaving: LeavingQueues },
): Iterable<string> {
  const { offsets, light, leaving } = tables
  yield `{\n${versionField(tables.dataVersion)},\n`
  if (leaving.size > 0) {
    yield* tablePieces('leavingQueueTable', positionEntries(leaving))
    yield ',\n'
  }
  yield* tablePieces(lightTableName, light.ownPieces())
  yield ',\n'
  yield* tablePieces('offsetTable', concat(offsets.fileEntries(), light.sharedPieces()))
  yield* endPieces(tables)
}

function* endPieces({ pullOffsets, removedGroups, resetQueues }: OffsetTables): Iterable<string> {
  yield ',\n'
  yield* tablePieces('pullOffsetTable', pullOffsets.fileEntries())
  yield* ownPieces('removedGroupTable', removedGroups)
  yield* ownPieces('resetQueueTable', resetQueues)
  yield '\n}'
}

/** A table that official brokers do not have: it is not written when it is empty. */
function* ownPieces(name: string, positions: LogEnds): Iterable<string> {
  if (positions.size === 0) return
  yield ',\n'
  yield* tablePieces(name, positionEntries(positions))
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

function* positionEntries(positions: { entries(): Iterable<[string, number]> }): IterableIterator<string> {
  for (const [key, position] of positions.entries()) yield `\t\t${JSON.stringify(key)}:${position}`
}

function* groupTopicPieces(offsets: OffsetMap): Iterable<string> {
  let opening = '\t"groupTopicMap":{'
  for (const group of offsets.groups()) {
    yield `${opening}\n\t\t${JSON.stringify(group)}:[`
    let topicOpening = '\n'
    for (const topic of offsets.topicsOf(group)) {
      yield `${topicOpening}\t\t\t${JSON.stringify(topic)}`
      topicOpening = ',\n'
    }
    yield '\n\t\t]'
    opening = ','
  }
  yield opening === ',' ? '\n\t}' : `${opening}}`
}
