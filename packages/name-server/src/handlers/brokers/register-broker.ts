import { crc32 } from 'node:zlib'
import type { Clock, Log } from '@rocketmq-ts/platform'
import {
  type commands,
  decodeRegisterBroker,
  keyValueTableBody,
  ProtocolError,
  type RegisterBroker as RegisterBrokerBody,
  type RequestOf,
  registerBrokerBody,
} from '@rocketmq-ts/protocol'
import type { Call, Handler, Reply } from '@rocketmq-ts/remoting'
import { type KeyValueConfiguration, orderTopicNamespace } from '../../key-values/key-value-configuration.ts'
import { type MasterOfSlave, queueLayout, type Registration, type RouteTable } from '../../routes/index.ts'
import { SameNameWatch } from '../../same-name-watch.ts'
import type { NameServerSettings } from '../../settings/index.ts'
import { shownNames } from '../../shown-names.ts'

type RegisterBroker = typeof commands.registerBroker

/** Milliseconds after which a silent broker counts as gone, unless its registration names another time. */
const defaultTimeoutMs = 120_000
/** A hundred thousand topics with long names take about 20 MiB. */
const inflatedBytesMax = 256 * 1024 * 1024

export interface RegisterBrokerParts {
  routes: RouteTable
  keyValues: KeyValueConfiguration
  settings: {
    readonly current: Pick<NameServerSettings, 'deleteTopicWithBrokerRegistration' | 'returnOrderTopicConfigToBroker'>
  }
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

/**
 * REGISTER_BROKER (103): a broker sends its addresses and some or all of its topics, every 30 seconds and on changes.
 */
export function registerBroker({
  routes,
  keyValues,
  settings,
  clock,
  log,
}: RegisterBrokerParts): Handler<RegisterBroker> {
  const sameNames = new SameNameWatch(log)

  function answer(master: MasterOfSlave | undefined): Reply<RegisterBroker> {
    const ordered = settings.current.returnOrderTopicConfigToBroker ? keyValues.list(orderTopicNamespace) : undefined
    const header = master ?? {}
    return ordered === undefined ? { header } : { header, body: keyValueTableBody.encode({ table: new Map(ordered) }) }
  }

  return (header, call) => {
    const { clusterName, brokerName, brokerId, brokerAddr: address } = header
    const digest = checkedDigest(header, call.body)
    const now = clock.monotonic()
    const repeated = routes.refresh({ clusterName, brokerName, brokerId, address }, digest, call.connection.id, now)
    if (repeated?.kind === 'registered') return answer(repeated.master)

    const registration = registrationOf(header, call, digest)
    const isWholeList = settings.current.deleteTopicWithBrokerRegistration && registration.topics.size !== 1
    const isKnown = routes.living.has(address)
    const outcome = routes.register(registration, now, isWholeList)
    const peer = call.connection.remoteAddress
    const broker = { brokerName, brokerId, address, topics: registration.topics.size, peer }
    if (outcome.kind === 'refused') {
      log.warn({ ...broker, reason: outcome.reason }, 'a broker was not registered')
      throw new ProtocolError('SYSTEM_ERROR', outcome.reason)
    }
    if (outcome.replaced !== undefined) sameNames.replaced(outcome.replaced, address, peer, now)
    if (outcome.forgotten !== undefined) {
      log.info(
        { brokerName, topics: shownNames(outcome.forgotten), peer },
        'topics were deleted: a broker has them no more',
      )
    }
    if (isKnown) log.debug(broker, 'a broker registered again')
    else if (outcome.replaced === undefined) log.info(broker, 'a broker registered')
    return answer(outcome.master)
  }
}

/** Identifies the bytes of a body. @throws ProtocolError when they do not match the header's checksum */
function checkedDigest({ bodyCrc32 }: RequestOf<RegisterBroker>, body: Buffer): string {
  const checksum = crc32(body)
  if (bodyCrc32 !== 0 && bodyCrc32 !== (checksum & 0x7fffffff))
    throw new ProtocolError('SYSTEM_ERROR', 'crc32 not match')
  return `${checksum} ${body.length}`
}

/** Without a body a broker has no topics. */
function bodyOf({ body }: Call<RegisterBroker>): RegisterBrokerBody {
  return body.length === 0 ? registerBrokerBody.parse('{}') : decodeRegisterBroker(body, inflatedBytesMax)
}

function registrationOf(
  header: RequestOf<RegisterBroker>,
  call: Call<RegisterBroker>,
  bodyDigest: string,
): Registration {
  const { filterServerList, topicConfigSerializeWrapper: wrapper } = bodyOf(call)
  const topics = new Map([...wrapper.topicConfigTable].map(([topic, config]) => [topic, queueLayout(config)]))
  return {
    clusterName: header.clusterName,
    brokerName: header.brokerName,
    brokerId: header.brokerId,
    address: header.brokerAddr,
    haServerAddress: header.haServerAddr,
    enableActingMaster: header.enableActingMaster,
    zoneName: call.request.extFields?.__ZONE_NAME,
    timeoutMs: header.heartbeatTimeoutMillis ?? defaultTimeoutMs,
    connectionId: call.connection.id,
    filterServers: filterServerList,
    dataVersion: wrapper.dataVersion,
    topics,
    mappings: wrapper.topicQueueMappingInfoMap,
    bodyDigest,
  }
}
