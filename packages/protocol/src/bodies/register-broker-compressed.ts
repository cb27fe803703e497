import { Buffer } from 'node:buffer'
import { deflateSync, inflateSync } from 'node:zlib'
import { JsonError, parseJson, stringifyJava } from '../json/index.ts'
import { BodyError } from './body-error.ts'
import { dataVersionBody } from './data-version.ts'
import type { RegisterBroker } from './register-broker.ts'
import { list, text } from './shape/index.ts'
import { formatTopicConfigText, parseTopicConfigText } from './topic-config-text.ts'
import { type TopicQueueMappingInfo, topicQueueMappingInfoBody } from './topic-queue-mapping.ts'

const BODY = 'compressed RegisterBrokerBody'
const INFLATED_MAX = 64 * 1024 * 1024
const namesShape = list(text)

/**
 * Writes the compressed form of the body of request 103, a zlib stream of level 9 of:
 *
 *     int length, DataVersion as JSON
 *     int count, per topic: int length, text of the topic (see formatTopicConfigText)
 *     int length, list of filter servers as JSON
 *     int count, per static topic: int length, TopicQueueMappingInfo as JSON
 *
 * Details of mappings, `mappingDataVersion`, `order` and `topicSysFlag` are not part of it.
 *
 * @throws BodyError when a topic's name holds a blank
 */
export function encodeCompressedRegisterBroker(body: RegisterBroker): Buffer {
  const { dataVersion, topicConfigTable, topicQueueMappingInfoMap } = body.topicConfigSerializeWrapper
  const pieces: Buffer[] = []
  putBlock(pieces, dataVersionBody.encode(dataVersion))
  putInt(pieces, topicConfigTable.size)
  for (const config of topicConfigTable.values()) putBlock(pieces, Buffer.from(formatTopicConfigText(config), 'utf8'))
  putBlock(pieces, Buffer.from(stringifyJava(namesShape.encode(body.filterServerList)), 'utf8'))
  putInt(pieces, topicQueueMappingInfoMap.size)
  for (const mapping of topicQueueMappingInfoMap.values()) putBlock(pieces, topicQueueMappingInfoBody.encode(mapping))
  return deflateSync(Buffer.concat(pieces), { level: 9 })
}

/**
 * Reads the compressed form; see `encodeCompressedRegisterBroker`. Brokers before 5.0 end after the filter servers.
 *
 * @param inflatedMax how many bytes it may become; default 64 MiB, some 700,000 topics
 * @throws BodyError when it is no such stream, is cut off, or becomes larger
 */
export function decodeCompressedRegisterBroker(bytes: Buffer, inflatedMax = INFLATED_MAX): RegisterBroker {
  try {
    return decodeInflated(inflateBounded(bytes, inflatedMax))
  } catch (error) {
    throw error instanceof BodyError ? error.inBody(BODY) : error
  }
}

function decodeInflated(bytes: Buffer): RegisterBroker {
  const reader = new BlockReader(bytes)
  const dataVersion = dataVersionBody.decode(reader.block('dataVersion'))
  const topicConfigTable = new Map()
  for (let left = reader.count('topicConfigTable'); left > 0; left--) {
    const config = parseTopicConfigText(reader.block('topicConfigTable').toString('utf8'))
    topicConfigTable.set(config.topicName, config)
  }
  const filterServerList = namesOf(reader.block('filterServerList').toString('utf8'))
  const topicQueueMappingInfoMap = new Map<string, TopicQueueMappingInfo>()
  for (let left = reader.atEnd() ? 0 : reader.count('topicQueueMappingInfoMap'); left > 0; left--) {
    const mapping = topicQueueMappingInfoBody.decode(reader.block('topicQueueMappingInfoMap'))
    if (mapping.topic === undefined) throw new BodyError('is missing', { path: ['topicQueueMappingInfoMap', 'topic'] })
    topicQueueMappingInfoMap.set(mapping.topic, mapping)
  }
  return {
    filterServerList,
    topicConfigSerializeWrapper: {
      dataVersion,
      topicConfigTable,
      topicQueueMappingInfoMap,
      topicQueueMappingDetailMap: new Map(),
    },
  }
}

function inflateBounded(bytes: Buffer, inflatedMax: number): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: inflatedMax })
  } catch (error) {
    const tooLarge = error instanceof RangeError
    throw new BodyError(tooLarge ? `inflates to more than ${inflatedMax} bytes` : 'is no complete zlib stream', {
      cause: error,
    })
  }
}

function namesOf(source: string): string[] {
  try {
    return namesShape.decode(parseJson(source))
  } catch (error) {
    if (error instanceof BodyError) throw error.within('filterServerList')
    if (error instanceof JsonError) throw new BodyError(error.message, { path: ['filterServerList'], cause: error })
    throw error
  }
}

function putInt(pieces: Buffer[], value: number): void {
  const piece = Buffer.allocUnsafe(4)
  piece.writeInt32BE(value)
  pieces.push(piece)
}

function putBlock(pieces: Buffer[], block: Buffer): void {
  putInt(pieces, block.length)
  pieces.push(block)
}

class BlockReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  atEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** Reads how many blocks follow; each takes four bytes at least. */
  count(field: string): number {
    const count = this.#int(field)
    if (count < 0 || count > (this.#bytes.length - this.#at) / 4) {
      throw new BodyError(`announces ${count} entries in ${this.#bytes.length - this.#at} bytes`, { path: [field] })
    }
    return count
  }

  block(field: string): Buffer {
    const length = this.#int(field)
    if (length < 0 || length > this.#bytes.length - this.#at) {
      throw new BodyError(`announces ${length} bytes of ${this.#bytes.length - this.#at}`, { path: [field] })
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  #int(field: string): number {
    if (this.#bytes.length - this.#at < 4) throw new BodyError('is cut off', { path: [field] })
    const value = this.#bytes.readInt32BE(this.#at)
    this.#at += 4
    return value
  }
}
