import type { TopicRoute } from '@rocketmq-ts/protocol'
import { masterId } from './broker-group.ts'

/** The part of a route that lies in a zone. Brokers without a master stay: a far slave is better than none. */
export function withinZone(route: TopicRoute, zoneName: string): TopicRoute {
  const wanted = zoneName.toLowerCase()
  const brokerDatas = route.brokerDatas.filter(
    (broker) => !broker.brokerAddrs.has(masterId) || broker.zoneName?.toLowerCase() === wanted,
  )
  const names = new Set(brokerDatas.map((broker) => broker.brokerName))
  const addresses = new Set(brokerDatas.flatMap((broker) => [...broker.brokerAddrs.values()]))
  return {
    ...route,
    brokerDatas,
    queueDatas: route.queueDatas.filter(({ brokerName }) => names.has(brokerName)),
    filterServerTable: new Map([...route.filterServerTable].filter(([address]) => addresses.has(address))),
  }
}
