import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { LiteEvents } from '../lite-events.ts'
import type { LiteRules } from '../lite-rules.ts'
import type { LiteSubscriptions } from '../lite-subscriptions.ts'

export interface TriggerLiteDispatchParts {
  rules: LiteRules
  subscriptions: Pick<LiteSubscriptions, 'get'>
  events: Pick<LiteEvents, 'goThrough' | 'goThroughGroup'>
}

/** TRIGGER_LITE_DISPATCH: one member of a group, or each, is told of all that there is for it. */
export function triggerLiteDispatch(parts: TriggerLiteDispatchParts): Handler<typeof commands.triggerLiteDispatch> {
  return ({ group, clientId }) => {
    const { rules, subscriptions, events } = parts
    rules.checkGroup(group)
    if (clientId === undefined || clientId === '') {
      events.goThroughGroup(group)
      return {}
    }
    const client = subscriptions.get(clientId)
    if (client?.group === group) events.goThrough(client)
    return {}
  }
}
