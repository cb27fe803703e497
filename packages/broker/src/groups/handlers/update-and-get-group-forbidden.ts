import { type commands, groupForbiddenBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface GroupForbiddenParts {
  groups: {
    isReadForbidden(group: string, topic: string): boolean
    setReadForbidden(group: string, topic: string, isForbidden: boolean, peer: string): void
    confirmed(): Promise<void>
  }
}

/** UPDATE_AND_GET_GROUP_FORBIDDEN: sets whether a group may read a topic, or only asks when `readable` is left out. */
export function updateAndGetGroupForbidden(
  parts: GroupForbiddenParts,
): Handler<typeof commands.updateAndGetGroupForbidden> {
  return async ({ group, topic, readable }, call) => {
    const { groups } = parts
    if (readable !== undefined) {
      groups.setReadForbidden(group, topic, !readable, call.connection.remoteAddress)
      await groups.confirmed()
    }
    return { body: groupForbiddenBody.encode({ group, topic, readable: !groups.isReadForbidden(group, topic) }) }
  }
}
