import type { Log } from '@rocketmq-ts/platform'
import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { RouteTable } from '../../routes/index.ts'

/** UNREGISTER_BROKER (104): a broker stops; its routes are gone at once. */
export function unregisterBroker(routes: RouteTable, log: Log): Handler<typeof commands.unregisterBroker> {
  return ({ clusterName, brokerName, brokerId, brokerAddr: address }, { connection }) => {
    const gone = routes.unregister({ clusterName, brokerName, brokerId, address })
    const fields = { brokerName, brokerId, address, peer: connection.remoteAddress }
    if (gone !== undefined) log.info(fields, 'a broker unregistered')
    else log.debug(fields, 'a broker that is not known here unregistered: nothing changes')
    return {}
  }
}
