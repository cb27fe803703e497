import { type commands, topicListBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { allTopics, type RouteTable } from '../../routes/index.ts'
import { type ListSettings, mustBeEnabled } from './list-settings.ts'

/** GET_ALL_TOPIC_LIST_FROM_NAMESERVER (206). */
export function getAllTopicListFromNameserver(
  routes: RouteTable,
  settings: ListSettings,
): Handler<typeof commands.getAllTopicListFromNameserver> {
  return () => {
    mustBeEnabled(settings, 'enableAllTopicList')
    return { body: topicListBody.encode(allTopics(routes)) }
  }
}
