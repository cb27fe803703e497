import { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { ConsumerRegistry } from '../index.ts'
import { relayToClient } from '../relay-to-client.ts'

export interface RunningInfoParts {
  consumers: Pick<ConsumerRegistry, 'get'>
}

/** GET_CONSUMER_RUNNING_INFO: asks a member of a group what it is doing. */
export function getConsumerRunningInfo(parts: RunningInfoParts): Handler<typeof commands.getConsumerRunningInfo> {
  return (header) => relayToClient(parts.consumers, header, commands.getConsumerRunningInfo, header)
}
