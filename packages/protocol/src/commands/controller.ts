/** The controller: who may be master. */
import { defineCommand } from '../define-command.ts'
import { bool, i32, i64, optional, str, withDefault } from '../fields.ts'

export const controllerAlterSyncStateSet = defineCommand({
  code: 1001,
  name: 'CONTROLLER_ALTER_SYNC_STATE_SET',
  from: ['broker'],
  to: ['controller'],
  request: {
    brokerName: optional(str),
    masterBrokerId: optional(i64),
    masterEpoch: optional(i32),
    invokeTime: optional(i64),
  },
  response: { newSyncStateSetEpoch: optional(i32) },
  requestBody: 'JSON SyncStateSet {syncStateSet[brokerId], syncStateSetEpoch}',
  responseBody: 'JSON SyncStateSet',
})

export const controllerElectMaster = defineCommand({
  code: 1002,
  name: 'CONTROLLER_ELECT_MASTER',
  from: ['broker', 'admin'],
  to: ['controller'],
  request: {
    clusterName: str,
    brokerName: str,
    brokerId: withDefault(i64, -1),
    designateElect: withDefault(bool, false),
    invokeTime: optional(i64),
  },
  response: {
    masterBrokerId: optional(i64),
    masterAddress: optional(str),
    masterEpoch: optional(i32),
    syncStateSetEpoch: optional(i32),
  },
  responseBody: 'JSON ElectMasterResponseBody {brokerMemberGroup, syncStateSet}',
})

export const controllerRegisterBroker = defineCommand({
  code: 1003,
  name: 'CONTROLLER_REGISTER_BROKER',
  from: ['broker'],
  to: ['controller'],
  request: {
    clusterName: optional(str),
    brokerName: optional(str),
    brokerId: optional(i64),
    brokerAddress: optional(str),
    invokeTime: optional(i64),
  },
  response: {
    clusterName: optional(str),
    brokerName: optional(str),
    masterBrokerId: optional(i64),
    masterAddress: optional(str),
    masterEpoch: optional(i32),
    syncStateSetEpoch: optional(i32),
  },
  responseBody: 'JSON SyncStateSet',
})

export const controllerGetReplicaInfo = defineCommand({
  code: 1004,
  name: 'CONTROLLER_GET_REPLICA_INFO',
  from: ['broker'],
  to: ['controller'],
  request: { brokerName: optional(str) },
  response: { masterBrokerId: optional(i64), masterAddress: optional(str), masterEpoch: optional(i32) },
  responseBody: 'JSON SyncStateSet',
})

export const controllerGetMetadataInfo = defineCommand({
  code: 1005,
  name: 'CONTROLLER_GET_METADATA_INFO',
  from: ['client'],
  to: ['controller'],
  request: {},
  response: {
    group: optional(str),
    controllerLeaderId: optional(str),
    controllerLeaderAddress: optional(str),
    isLeader: optional(bool),
    peers: optional(str),
  },
})

export const controllerGetSyncStateData = defineCommand({
  code: 1006,
  name: 'CONTROLLER_GET_SYNC_STATE_DATA',
  from: ['admin'],
  to: ['controller'],
  request: {},
  response: {},
  requestBody: 'JSON [brokerName]',
  responseBody:
    'JSON BrokerReplicasInfo {replicasInfoTable{broker:{masterBrokerId,masterAddress,masterEpoch,syncStateSetEpoch,inSyncReplicas[{brokerName,brokerId,brokerAddress,alive}],notInSyncReplicas[]}}}',
})

export const getBrokerEpochCache = defineCommand({
  code: 1007,
  name: 'GET_BROKER_EPOCH_CACHE',
  from: ['admin'],
  to: ['broker'],
  request: {},
  response: {},
  responseBody:
    'JSON EpochEntryCache {clusterName,brokerName,brokerId,epochList[{epoch,startOffset,endOffset}],maxOffset}',
})

export const notifyBrokerRoleChanged = defineCommand({
  code: 1008,
  name: 'NOTIFY_BROKER_ROLE_CHANGED',
  from: ['controller'],
  to: ['broker'],
  request: {
    masterAddress: optional(str),
    masterEpoch: optional(i32),
    syncStateSetEpoch: optional(i32),
    masterBrokerId: optional(i64),
  },
  response: {},
  requestBody: 'JSON SyncStateSet',
})

export const updateControllerConfig = defineCommand({
  code: 1009,
  name: 'UPDATE_CONTROLLER_CONFIG',
  from: ['admin'],
  to: ['controller'],
  request: {},
  response: {},
  requestBody: 'properties text',
})

export const getControllerConfig = defineCommand({
  code: 1010,
  name: 'GET_CONTROLLER_CONFIG',
  from: ['admin'],
  to: ['controller'],
  request: {},
  response: {},
  responseBody: 'properties text',
})

export const cleanBrokerData = defineCommand({
  code: 1011,
  name: 'CLEAN_BROKER_DATA',
  from: ['admin'],
  to: ['controller'],
  request: {
    clusterName: optional(str),
    brokerName: str,
    brokerControllerIdsToClean: optional(str),
    isCleanLivingBroker: withDefault(bool, false),
    invokeTime: optional(i64),
  },
  response: {},
})

export const controllerGetNextBrokerId = defineCommand({
  code: 1012,
  name: 'CONTROLLER_GET_NEXT_BROKER_ID',
  from: ['broker'],
  to: ['controller'],
  request: { clusterName: optional(str), brokerName: optional(str) },
  response: { clusterName: optional(str), brokerName: optional(str), nextBrokerId: optional(i64) },
})

export const controllerApplyBrokerId = defineCommand({
  code: 1013,
  name: 'CONTROLLER_APPLY_BROKER_ID',
  from: ['broker'],
  to: ['controller'],
  request: {
    clusterName: optional(str),
    brokerName: optional(str),
    appliedBrokerId: optional(i64),
    registerCheckCode: optional(str),
  },
  response: { clusterName: optional(str), brokerName: optional(str) },
})

export const brokerCloseChannelRequest = defineCommand({
  code: 1014,
  name: 'BROKER_CLOSE_CHANNEL_REQUEST',
  from: ['controller'],
  to: ['controller'],
  request: {},
  response: {},
  requestBody: 'raft log entry',
})

export const checkNotActiveBrokerRequest = defineCommand({
  code: 1015,
  name: 'CHECK_NOT_ACTIVE_BROKER_REQUEST',
  from: ['controller'],
  to: ['controller'],
  request: {},
  response: {},
  requestBody: 'raft log entry',
})

export const getBrokerLiveInfoRequest = defineCommand({
  code: 1016,
  name: 'GET_BROKER_LIVE_INFO_REQUEST',
  from: ['controller'],
  to: ['controller'],
  request: {},
  response: {},
  requestBody: 'raft log entry',
})

export const getSyncStateDataRequest = defineCommand({
  code: 1017,
  name: 'GET_SYNC_STATE_DATA_REQUEST',
  from: ['controller'],
  to: ['controller'],
  request: {},
  response: {},
  requestBody: 'raft log entry',
})

export const raftBrokerHeartBeatEventRequest = defineCommand({
  code: 1018,
  name: 'RAFT_BROKER_HEART_BEAT_EVENT_REQUEST',
  from: ['controller'],
  to: ['controller'],
  request: {},
  response: {},
  requestBody: 'raft log entry',
})
