import { brokerMemberGroupBody, type commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { brokerMemberGroup, type RouteTable } from '../../routes/index.ts'

/** GET_BROKER_MEMBER_GROUP (901): the living brokers of a name; none when the name is unknown. */
export function getBrokerMemberGroup(routes: RouteTable): Handler<typeof commands.getBrokerMemberGroup> {
  return ({ clusterName, brokerName }) => ({
    body: brokerMemberGroupBody.encode(brokerMemberGroup(routes, clusterName, brokerName)),
  })
}
