import { crc32 } from 'node:zlib'
import {
  type DataVersion,
  encodeCompressedRegisterBroker,
  mappingInfoOf,
  permission,
  type RegisterBroker,
  registerBrokerBody,
  type TopicConfig,
  type TopicQueueMappingDetail,
  withoutMappings,
} from '@rocketmq-ts/protocol'

/** The encoded body of a REGISTER_BROKER, with what its header tells of it. */
export interface RegistrationBody {
  readonly bytes: Buffer
  readonly isCompressed: boolean
  readonly crc32: number
}

export interface BodyOptions {
  /** Permission bits of the broker: its topics have none that it has not. */
  brokerPermission: number
  isCompressed: boolean
}

/**
 * Topics above which a body is compressed whatever the settings: name servers close connections that send more than
 * 16 MiB, and a plain topic takes some 200 bytes. Compressed, a topic's `order` and `topicSysFlag` are left out.
 */
const plainTopicsMax = 4000
const readWrite = permission.read | permission.write

/**
 * Encodes topics for a name server, with the version of the whole table.
 * @param mappings of those that are static
 */
export function encodeRegistration(
  topics: ReadonlyMap<string, TopicConfig>,
  mappings: ReadonlyMap<string, TopicQueueMappingDetail>,
  dataVersion: DataVersion,
  options: BodyOptions,
): RegistrationBody {
  const topicConfigTable = permitted(topics, options.brokerPermission)
  const body: RegisterBroker = {
    filterServerList: [],
    topicConfigSerializeWrapper: {
      ...withoutMappings({ dataVersion, topicConfigTable }),
      topicQueueMappingInfoMap: new Map([...mappings].map(([topic, detail]) => [topic, mappingInfoOf(detail)])),
    },
  }
  const isCompressed = options.isCompressed || topics.size > plainTopicsMax
  const bytes = isCompressed ? encodeCompressedRegisterBroker(body) : registerBrokerBody.encode(body)
  return { bytes, isCompressed, crc32: crc32(bytes) & 0x7fffffff }
}

/** A broker that may be read and written to leaves the topics' permissions, inheriting included, as they are. */
function permitted(topics: ReadonlyMap<string, TopicConfig>, brokerPermission: number): Map<string, TopicConfig> {
  if ((brokerPermission & readWrite) === readWrite) return topics as Map<string, TopicConfig>
  const result = new Map<string, TopicConfig>()
  for (const [name, topic] of topics) result.set(name, { ...topic, perm: topic.perm & brokerPermission })
  return result
}
