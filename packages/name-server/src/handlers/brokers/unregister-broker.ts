import type { Log } from '@rocketmq-ts/platform'
import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { RouteTable } from '../../routes/index.ts'

/** UNREGISTER_BROKER (104): a broker stops; clients stop finding it at once. */
export function unregisterBroker(routes: RouteTable, log: Log): Handler<typeof commands.unregisterBroker> {
  return ({ clusterName, brokerName, brokerAddr: address }) => {
    const gone = routes.unregister({ clusterName, brokerName, address })
    if (gone !== undefined) log.info({ brokerName, brokerId: gone.brokerId, address }, 'a broker unregistered')
    return {}
  }
}
