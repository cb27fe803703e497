import { clusterInfoBody, type commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { clusterInfo, type RouteTable } from '../../routes/index.ts'

/** GET_BROKER_CLUSTER_INFO (106): all living brokers. */
export function getBrokerClusterInfo(routes: RouteTable): Handler<typeof commands.getBrokerClusterInfo> {
  return () => ({ body: clusterInfoBody.encode(clusterInfo(routes)) })
}
