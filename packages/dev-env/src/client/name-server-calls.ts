import {
  type ClusterInfo,
  clusterInfoBody,
  commands,
  responseCodes,
  type TopicRoute,
  topicRouteBody,
} from '@rocketmq-ts/protocol'
import { Calls } from './calls.ts'

/** What tests ask of a name server. Everything else goes by `ask` and `call`. */
export class NameServerCalls extends Calls {
  /** Where a topic's queues are; undefined when the name server does not know it. */
  async route(topic: string): Promise<TopicRoute | undefined> {
    const answer = await this.call(commands.getRouteinfoByTopic, { topic, acceptStandardJsonOnly: true })
    if (answer.code === responseCodes.TOPIC_NOT_EXIST.code) return undefined
    if (answer.code !== responseCodes.SUCCESS.code) throw this.responseError(commands.getRouteinfoByTopic, answer)
    return topicRouteBody.decode(answer.body!)
  }

  /** What is kept under a key; undefined for nothing. */
  async keyValue(namespace: string, key: string): Promise<string | undefined> {
    const answer = await this.call(commands.getKvConfig, { namespace, key })
    if (answer.code === responseCodes.QUERY_NOT_FOUND.code) return undefined
    if (answer.code !== responseCodes.SUCCESS.code) throw this.responseError(commands.getKvConfig, answer)
    return commands.getKvConfig.responseCodec.decode(answer.extFields).value
  }

  /** @param value undefined takes the key away */
  async setKeyValue(namespace: string, key: string, value: string | undefined): Promise<void> {
    if (value === undefined) await this.ask(commands.deleteKvConfig, { namespace, key })
    else await this.ask(commands.putKvConfig, { namespace, key, value })
  }

  /** The brokers by their clusters. */
  async clusterInfo(): Promise<ClusterInfo> {
    return clusterInfoBody.decode((await this.ask(commands.getBrokerClusterInfo, {})).body)
  }
}
