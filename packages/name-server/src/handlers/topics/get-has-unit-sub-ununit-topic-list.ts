import { type commands, topicListBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { hasUnitSubscriptions, isUnit, type RouteTable, topicsWithLayout } from '../../routes/index.ts'
import { type ListSettings, mustBeEnabled } from './list-settings.ts'

/** GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST (313). */
export function getHasUnitSubUnunitTopicList(
  routes: RouteTable,
  settings: ListSettings,
): Handler<typeof commands.getHasUnitSubUnunitTopicList> {
  return () => {
    mustBeEnabled(settings, 'enableTopicList')
    return {
      body: topicListBody.encode(topicsWithLayout(routes, (layout) => hasUnitSubscriptions(layout) && !isUnit(layout))),
    }
  }
}
