/** Administration of a broker. */
import { defineCommand } from '../define-command.ts'
import { i32, i64, optional, str } from '../fields.ts'

export const updateBrokerConfig = defineCommand({
  code: 25,
  name: 'UPDATE_BROKER_CONFIG',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
  requestBody: 'properties text',
})

export const getBrokerConfig = defineCommand({
  code: 26,
  name: 'GET_BROKER_CONFIG',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: { version: str },
  responseBody: 'properties text (all broker+netty+store+auth keys)',
})

export const getBrokerRuntimeInfo = defineCommand({
  code: 28,
  name: 'GET_BROKER_RUNTIME_INFO',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
  responseBody: 'JSON KVTable {table{key:value}}',
})

export const viewBrokerStatsData = defineCommand({
  code: 315,
  name: 'VIEW_BROKER_STATS_DATA',
  from: ['admin'],
  to: ['broker'],
  request: { statsName: str, statsKey: str },
  response: {},
  responseBody: 'JSON BrokerStatsData {statsMinute,statsHour,statsDay:{sum,tps,avgpt}}',
})

export const cleanExpiredConsumequeue = defineCommand({
  code: 306,
  name: 'CLEAN_EXPIRED_CONSUMEQUEUE',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
})

export const deleteExpiredCommitlog = defineCommand({
  code: 329,
  name: 'DELETE_EXPIRED_COMMITLOG',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
})

export const checkRocksdbCqWriteProgress = defineCommand({
  code: 354,
  name: 'CHECK_ROCKSDB_CQ_WRITE_PROGRESS',
  from: ['admin'],
  to: ['broker'],
  request: { topic: str, checkStoreTime: optional(i64) },
  response: {},
  responseBody: 'JSON CheckRocksdbCqWriteResult {checkStatus 0 ok,1 not ok,2 in progress,3 error, checkResult}',
})

export const exportRocksdbConfigToJson = defineCommand({
  code: 355,
  name: 'EXPORT_ROCKSDB_CONFIG_TO_JSON',
  from: ['admin'],
  to: ['broker'],
  request: { configType: str },
  response: {},
})

export const updateColdDataFlowCtrConfig = defineCommand({
  code: 2001,
  name: 'UPDATE_COLD_DATA_FLOW_CTR_CONFIG',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
  requestBody: 'properties text group=threshold',
})

export const removeColdDataFlowCtrConfig = defineCommand({
  code: 2002,
  name: 'REMOVE_COLD_DATA_FLOW_CTR_CONFIG',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
  requestBody: 'group name bytes',
})

export const getColdDataFlowCtrInfo = defineCommand({
  code: 2003,
  name: 'GET_COLD_DATA_FLOW_CTR_INFO',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
  responseBody: 'JSON text',
})

export const setCommitlogReadMode = defineCommand({
  code: 2004,
  name: 'SET_COMMITLOG_READ_MODE',
  from: ['admin'],
  to: ['broker'],
  /** 0: the system reads ahead as it likes; 1: it does not. */
  request: { READ_AHEAD_MODE: i32 },
  response: {},
})

export const switchTimerEngine = defineCommand({
  code: 5001,
  name: 'SWITCH_TIMER_ENGINE',
  from: ['admin'],
  to: ['broker'],
  /** `F`: the wheel in files, `R`: RocksDB. */
  request: { E_T: optional(str) },
  response: {},
})
