import type { Log } from '@rocketmq-ts/platform'
import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { RouteTable } from '../../routes/index.ts'

/** WIPE_WRITE_PERM_OF_BROKER (205): producers stop using a broker, consumers go on. */
export function wipeWritePermOfBroker(routes: RouteTable, log: Log): Handler<typeof commands.wipeWritePermOfBroker> {
  return ({ brokerName }, { connection }) => {
    const wipeTopicCount = routes.wipeWritePermission(brokerName)
    log.info({ brokerName, wipeTopicCount, peer: connection.remoteAddress }, 'write permission wiped')
    return { header: { wipeTopicCount } }
  }
}
