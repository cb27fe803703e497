import type { Clock } from '@rocketmq-ts/platform'
import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { RouteTable } from '../../routes/index.ts'

/** BROKER_HEARTBEAT (904): a sign of life between registrations; one of an unknown broker changes nothing. */
export function brokerHeartbeat(
  routes: RouteTable,
  clock: Pick<Clock, 'monotonic'>,
): Handler<typeof commands.brokerHeartbeat> {
  return ({ clusterName, brokerName, brokerAddr: address }, call) => {
    routes.heard({ clusterName, brokerName, address }, call.connection.id, clock.monotonic())
    return {}
  }
}
