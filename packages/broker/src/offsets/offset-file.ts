import { type ConsumerOffsets, consumerOffsetsBody, type DataVersion } from '@rocketmq-ts/protocol'
import type { LightOffsets } from './light-offsets.ts'
import type { OffsetMap } from './offset-map.ts'

/**
 * Reads the content of config/consumerOffset.json.
 * @throws BodyError when it is something else
 */
export function readOffsetFile(text: string): ConsumerOffsets {
  return consumerOffsetsBody.parse(text)
}

/**
 * The content of config/consumerOffset.json in the layout of `formatConfigJson`, put together
 * from entries that are kept as text: `"topic@group":{queueId:offset}`, tabs for indents, keys in no order.
 */
export function formatOffsetFile(dataVersion: DataVersion, offsets: OffsetMap, pullOffsets: OffsetMap): string {
  const head = `{\n${versionField(dataVersion)},\n${table('groupTopicMap', groupEntries(offsets))}`
  const tables = [table('offsetTable', offsets.fileEntries()), table('pullOffsetTable', pullOffsets.fileEntries())]
  return `${[head, ...tables].join(',\n')}\n}`
}

/**
 * The content of config/lmqConsumerOffset.json, which an official broker with light queues reads instead of
 * consumerOffset.json, in pieces: `lmqOffsetTable` has `"topic@group":offset` of groups with names of light queues.
 */
export function* lightOffsetFilePieces(
  dataVersion: DataVersion,
  offsets: OffsetMap,
  pullOffsets: OffsetMap,
  light: LightOffsets,
): Iterable<string> {
  yield `{\n${versionField(dataVersion)},\n`
  yield* tablePieces('lmqOffsetTable', light.ownPieces())
  yield ',\n'
  yield* tablePieces('offsetTable', concat(offsets.fileEntries(), light.sharedPieces()))
  yield `,\n${table('pullOffsetTable', pullOffsets.fileEntries())}\n}`
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

function* groupEntries(offsets: OffsetMap): IterableIterator<string> {
  for (const group of offsets.groups()) {
    const topics = offsets.topicsOf(group).map((topic) => `\t\t\t${JSON.stringify(topic)}`)
    yield `\t\t${JSON.stringify(group)}:[\n${topics.join(',\n')}\n\t\t]`
  }
}
