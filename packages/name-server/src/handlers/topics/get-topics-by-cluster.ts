import { type commands, topicListBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { type RouteTable, topicsOfCluster } from '../../routes/index.ts'
import { type ListSettings, mustBeEnabled } from './list-settings.ts'

/** GET_TOPICS_BY_CLUSTER (224): none when the cluster is unknown. */
export function getTopicsByCluster(
  routes: RouteTable,
  settings: ListSettings,
): Handler<typeof commands.getTopicsByCluster> {
  return ({ cluster }) => {
    mustBeEnabled(settings, 'enableTopicList')
    return { body: topicListBody.encode(topicsOfCluster(routes, cluster)) }
  }
}
