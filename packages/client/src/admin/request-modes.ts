import { commands, messageRequestModeSettingBody, messageRequestModeTableBody } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { knownFields, refuseUnknownFields } from '../known-fields.ts'
import { invalidArgument } from '../rocketmq-error.ts'
import type { ClusterCalls } from './cluster-calls.ts'
import type { RequestModeSetting, RequestModeSettings } from './descriptions.ts'

const settingFields = knownFields<RequestModeSettings>({ mode: true, sharedQueues: true, brokers: true })

const sharedQueuesMax = 0x7fffffff

/** What was set for groups and topics, at each broker. @throws RocketMQError */
export async function requestModes(calls: ClusterCalls, deadline: Deadline): Promise<RequestModeSetting[]> {
  const { namespace } = calls.client
  const settings: RequestModeSetting[] = []
  for (const master of await calls.masters(deadline)) {
    const { read } = await calls.ask(master, commands.getAllMessageRequestMode, {}, deadline)
    for (const [topic, groups] of read(messageRequestModeTableBody.decode).messageRequestModeMap) {
      for (const [group, { mode, popShareQueueNum: sharedQueues }] of groups) {
        const names = { group: namespace.unwrap(group), topic: namespace.unwrap(topic) }
        settings.push({ ...names, broker: master.name, mode, sharedQueues })
      }
    }
  }
  const textOf = ({ group, topic, broker }: RequestModeSetting): string => JSON.stringify([group, topic, broker])
  return settings.sort((one, other) => (textOf(one) < textOf(other) ? -1 : 1))
}

/** @throws RocketMQError TOPIC_NOT_EXIST, SUBSCRIPTION_GROUP_NOT_EXIST; brokers that were asked before have the mode */
export async function setRequestMode(
  calls: ClusterCalls,
  group: string,
  topic: string,
  settings: RequestModeSettings,
  deadline: Deadline,
): Promise<RequestModeSetting[]> {
  refuseUnknownFields('a request mode', settings, settingFields)
  const { mode, sharedQueues = 0, brokers } = settings
  if (mode !== 'PULL' && mode !== 'POP') throw invalidArgument(`mode is ${mode}: use PULL or POP`)
  if (!(Number.isInteger(sharedQueues) && sharedQueues >= 0 && sharedQueues <= sharedQueuesMax)) {
    throw invalidArgument(`sharedQueues is ${sharedQueues}: give a whole number, 0 or more`)
  }
  const { namespace } = calls.client
  const set: RequestModeSetting[] = []
  const setting = { topic, consumerGroup: group, mode, popShareQueueNum: sharedQueues }
  const body = messageRequestModeSettingBody.encode(setting)
  for (const master of await calls.masters(deadline, brokers)) {
    await calls.ask(master, commands.setMessageRequestMode, {}, deadline, body)
    const names = { group: namespace.unwrap(group), topic: namespace.unwrap(topic) }
    set.push({ ...names, broker: master.name, mode, sharedQueues })
  }
  return set
}
