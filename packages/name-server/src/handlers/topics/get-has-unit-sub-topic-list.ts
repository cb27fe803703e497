import { type commands, topicListBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { hasUnitSubscriptions, type RouteTable, topicsWithLayout } from '../../routes/index.ts'
import { type ListSettings, mustBeEnabled } from './list-settings.ts'

/** GET_HAS_UNIT_SUB_TOPIC_LIST (312). */
export function getHasUnitSubTopicList(
  routes: RouteTable,
  settings: ListSettings,
): Handler<typeof commands.getHasUnitSubTopicList> {
  return () => {
    mustBeEnabled(settings, 'enableTopicList')
    return { body: topicListBody.encode(topicsWithLayout(routes, hasUnitSubscriptions)) }
  }
}
