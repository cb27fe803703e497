/** Codes that only exist as constants: no server answers them. */
import { defineCommand } from '../define-command.ts'

export const queryBrokerOffset = defineCommand({
  code: 13,
  name: 'QUERY_BROKER_OFFSET',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})

export const getTopicConfigList = defineCommand({
  code: 22,
  name: 'GET_TOPIC_CONFIG_LIST',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})

export const getTopicNameList = defineCommand({
  code: 23,
  name: 'GET_TOPIC_NAME_LIST',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})

export const triggerDeleteFiles = defineCommand({
  code: 27,
  name: 'TRIGGER_DELETE_FILES',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})

export const getClientConfig = defineCommand({
  code: 47,
  name: 'GET_CLIENT_CONFIG',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})

export const suspendConsumer = defineCommand({
  code: 209,
  name: 'SUSPEND_CONSUMER',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})

export const resumeConsumer = defineCommand({
  code: 210,
  name: 'RESUME_CONSUMER',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})

export const resetConsumerOffsetInConsumer = defineCommand({
  code: 211,
  name: 'RESET_CONSUMER_OFFSET_IN_CONSUMER',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})

export const resetConsumerOffsetInBroker = defineCommand({
  code: 212,
  name: 'RESET_CONSUMER_OFFSET_IN_BROKER',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})

export const adjustConsumerThreadPool = defineCommand({
  code: 213,
  name: 'ADJUST_CONSUMER_THREAD_POOL',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})

export const whoConsumeTheMessage = defineCommand({
  code: 214,
  name: 'WHO_CONSUME_THE_MESSAGE',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})

export const registerFilterServer = defineCommand({
  code: 301,
  name: 'REGISTER_FILTER_SERVER',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})

export const registerMessageFilterClass = defineCommand({
  code: 302,
  name: 'REGISTER_MESSAGE_FILTER_CLASS',
  from: ['client'],
  to: ['broker'],
  request: {},
  response: {},
})
