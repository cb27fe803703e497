import { type commands, topicListBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { isUnit, type RouteTable, topicsWithLayout } from '../../routes/index.ts'
import { type ListSettings, mustBeEnabled } from './list-settings.ts'

/** GET_UNIT_TOPIC_LIST (311). */
export function getUnitTopicList(
  routes: RouteTable,
  settings: ListSettings,
): Handler<typeof commands.getUnitTopicList> {
  return () => {
    mustBeEnabled(settings, 'enableTopicList')
    return { body: topicListBody.encode(topicsWithLayout(routes, isUnit)) }
  }
}
