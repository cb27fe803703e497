import type { Log } from '@rocketmq-ts/platform'
import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { RouteTable } from '../../routes/index.ts'

/** ADD_WRITE_PERM_OF_BROKER (327): producers may use a broker again. */
export function addWritePermOfBroker(routes: RouteTable, log: Log): Handler<typeof commands.addWritePermOfBroker> {
  return ({ brokerName }, { connection }) => {
    const addTopicCount = routes.addWritePermission(brokerName)
    log.info({ brokerName, addTopicCount, peer: connection.remoteAddress }, 'write permission added')
    return { header: { addTopicCount } }
  }
}
