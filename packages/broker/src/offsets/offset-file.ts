import { type ConsumerOffsets, consumerOffsetsBody, type DataVersion } from '@rocketmq-ts/protocol'
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
  const { counter, stateVersion, timestamp } = dataVersion
  const version = `\t"dataVersion":{\n\t\t"counter":${counter},\n\t\t"stateVersion":${stateVersion},\n\t\t"timestamp":${timestamp}\n\t}`
  return `{\n${version},\n${table('groupTopicMap', groupEntries(offsets))},\n${table(
    'offsetTable',
    offsets.fileEntries(),
  )},\n${table('pullOffsetTable', pullOffsets.fileEntries())}\n}`
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
