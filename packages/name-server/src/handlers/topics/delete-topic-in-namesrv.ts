import type { Log } from '@rocketmq-ts/platform'
import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { RouteTable } from '../../routes/index.ts'
import { shownNames } from '../../shown-names.ts'

/** DELETE_TOPIC_IN_NAMESRV (216): forgets a topic, everywhere or in one cluster. Brokers are told by request 215. */
export function deleteTopicInNamesrv(routes: RouteTable, log: Log): Handler<typeof commands.deleteTopicInNamesrv> {
  return ({ topic, clusterName }, { connection }) => {
    const brokers = routes.removeTopic(topic, clusterName || undefined)
    if (brokers.length > 0)
      log.info({ topic, brokers: shownNames(brokers), peer: connection.remoteAddress }, 'a topic was deleted')
    return {}
  }
}
