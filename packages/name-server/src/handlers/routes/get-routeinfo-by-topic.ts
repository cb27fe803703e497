import { type commands, ProtocolError, type RemotingCommand, topicRouteBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { type KeyValueConfiguration, orderTopicNamespace } from '../../key-values/key-value-configuration.ts'
import { type RouteTable, topicRoute } from '../../routes/index.ts'
import type { NameServerSettings } from '../../settings/index.ts'

/** Clients from V4_9_4 on get standard JSON, older ones the dialect of the Java peers. */
const standardJsonVersionMin = 401

export interface GetRouteinfoByTopicParts {
  routes: RouteTable
  keyValues: KeyValueConfiguration
  settings: { readonly current: Pick<NameServerSettings, 'orderMessageEnable' | 'supportActingMaster'> }
  /** Whether brokers had time to register since the start. */
  isReady(): boolean
}

/** GET_ROUTEINFO_BY_TOPIC (105): where a topic's queues are. */
export function getRouteinfoByTopic(parts: GetRouteinfoByTopicParts): Handler<typeof commands.getRouteinfoByTopic> {
  const { routes, keyValues, settings, isReady } = parts
  return ({ topic, acceptStandardJsonOnly }, { request }) => {
    if (!isReady()) throw new ProtocolError('SYSTEM_ERROR', 'name server not ready')
    const { orderMessageEnable, supportActingMaster } = settings.current
    const route = topicRoute(routes, topic, {
      supportActingMaster,
      zoneName: wantedZone(request),
      orderTopicConf: orderMessageEnable ? keyValues.get(orderTopicNamespace, topic) : undefined,
    })
    if (route === undefined) throw new ProtocolError('TOPIC_NOT_EXIST', remarkWithoutRoute(topic))
    const isStandard = request.version >= standardJsonVersionMin || acceptStandardJsonOnly === true
    return { body: topicRouteBody.encode(route, isStandard ? 'standard' : 'java') }
  }
}

/** The zone of a client that wants only brokers of its zone. Two header fields tell it. */
function wantedZone({ extFields }: RemotingCommand): string | undefined {
  return extFields?.__ZONE_MODE?.toLowerCase() === 'true' ? extFields.__ZONE_NAME || undefined : undefined
}

function remarkWithoutRoute(topic: string): string {
  return (
    `No topic route info in name server for the topic: ${topic}\n` +
    'See https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.'
  )
}
