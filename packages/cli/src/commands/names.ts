import type { Admin } from '@rocketmq-ts/client'
import { CommandError } from '../usage-error.ts'

/** A misspelled group would have no offsets, or would be made by what is set for it. @throws CommandError */
export async function needGroup(admin: Admin, group: string, signal: AbortSignal): Promise<void> {
  if ((await admin.groups({ signal })).includes(group)) return
  throw new CommandError(`there is no group ${group}`)
}

/** A misspelled topic would have no offsets either. @throws RocketMQError TOPIC_NOT_EXIST */
export async function needTopicOf(admin: Admin, topic: string | undefined, signal: AbortSignal): Promise<void> {
  if (topic !== undefined) await admin.topicConfigurations(topic, { signal })
}

/** The brokers that something was done on, as a sentence names them. */
export function brokerNames(brokers: readonly { readonly broker: string }[]): string {
  return brokers.map(({ broker }) => broker).join(', ')
}
