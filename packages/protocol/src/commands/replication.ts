/** Between the brokers of a set. */
import { defineCommand } from '../define-command.ts'
import { i32, i64, optional, str } from '../fields.ts'

export const getBrokerHaStatus = defineCommand({
  code: 907,
  name: 'GET_BROKER_HA_STATUS',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
  responseBody:
    'JSON HARuntimeInfo {master, masterCommitLogMaxOffset, inSyncSlaveNums, haConnectionInfo[{addr,slaveAckOffset,diff,inSync,transferredByteInSecond,transferFromWhere}], haClientRuntimeInfo{masterAddr,transferredByteInSecond,maxOffset,lastReadTimestamp,lastWriteTimestamp,masterFlushOffset,activated}}',
})

export const resetMasterFlushOffset = defineCommand({
  code: 908,
  name: 'RESET_MASTER_FLUSH_OFFSET',
  from: ['admin'],
  to: ['broker'],
  request: { masterFlushOffset: i64 },
  response: {},
})

export const addBroker = defineCommand({
  code: 902,
  name: 'ADD_BROKER',
  from: ['admin'],
  to: ['broker'],
  request: { configPath: optional(str) },
  response: {},
  requestBody: 'properties text (when no configPath)',
})

export const removeBroker = defineCommand({
  code: 903,
  name: 'REMOVE_BROKER',
  from: ['admin'],
  to: ['broker'],
  request: { brokerName: str, brokerClusterName: str, brokerId: i64 },
  response: {},
})

export const brokerHeartbeat = defineCommand({
  code: 904,
  name: 'BROKER_HEARTBEAT',
  from: ['broker'],
  to: ['name-server', 'controller'],
  request: {
    clusterName: str,
    brokerAddr: str,
    brokerName: str,
    brokerId: optional(i64),
    epoch: optional(i32),
    maxOffset: optional(i64),
    confirmOffset: optional(i64),
    heartbeatTimeoutMills: optional(i64),
    electionPriority: optional(i32),
  },
  response: {},
})

export const notifyMinBrokerIdChange = defineCommand({
  code: 905,
  name: 'NOTIFY_MIN_BROKER_ID_CHANGE',
  from: ['name-server'],
  to: ['broker'],
  request: {
    minBrokerId: optional(i64),
    brokerName: optional(str),
    minBrokerAddr: optional(str),
    offlineBrokerAddr: optional(str),
    haBrokerAddr: optional(str),
  },
  response: {},
})

export const exchangeBrokerHaInfo = defineCommand({
  code: 906,
  name: 'EXCHANGE_BROKER_HA_INFO',
  from: ['broker'],
  to: ['broker'],
  request: { masterHaAddress: optional(str), masterFlushOffset: optional(i64), masterAddress: optional(str) },
  response: { masterHaAddress: optional(str), masterFlushOffset: optional(i64), masterAddress: optional(str) },
})

export const getAllConsumerOffset = defineCommand({
  code: 43,
  name: 'GET_ALL_CONSUMER_OFFSET',
  from: ['broker'],
  to: ['broker'],
  request: {},
  response: {},
  responseBody: 'JSON consumerOffset.json content',
})

export const getAllDelayOffset = defineCommand({
  code: 45,
  name: 'GET_ALL_DELAY_OFFSET',
  from: ['broker'],
  to: ['broker'],
  request: {},
  response: {},
  responseBody: 'JSON delayOffset.json content',
})

export const getTimerCheckPoint = defineCommand({
  code: 60,
  name: 'GET_TIMER_CHECK_POINT',
  from: ['broker'],
  to: ['broker'],
  request: {},
  response: {},
  responseBody: '56 binary bytes (timer checkpoint)',
})

export const getTimerMetrics = defineCommand({
  code: 61,
  name: 'GET_TIMER_METRICS',
  from: ['broker'],
  to: ['broker'],
  request: {},
  response: {},
  responseBody: 'JSON timermetrics',
})
