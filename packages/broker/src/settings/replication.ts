import {
  addresses,
  atRestart,
  boolean,
  computed,
  falseOnly,
  int,
  live,
  long,
  notServed,
  oneOf,
  text,
} from '@rocketmq-ts/settings'

const replication = 'Replication'
const controller = 'Controller'
const noReplication = 'replication is not served yet'
const noController = 'brokers managed by a controller are not served yet'

export const replicationSettings = {
  ...notServed(replication, noReplication, {
    brokerRole: atRestart(
      oneOf(['ASYNC_MASTER', 'SYNC_MASTER'], { SLAVE: noReplication }),
      'ASYNC_MASTER',
      'Whether a master waits for its slaves (SYNC_MASTER) or not (ASYNC_MASTER).',
    ),
  }),
  ...notServed(replication, noReplication, {
    haListenPort: atRestart(
      int({ max: 65_535 }),
      computed('listenPort + 1', ({ numberOf }) => Math.min(numberOf('listenPort') + 1, 65_535)),
      'Port that slaves connect to.',
    ),
    haMasterAddress: atRestart(text, '', 'Where a slave finds its master, when it is fixed.'),
    haSendHeartbeatInterval: live(int({ unit: 'ms' }), 5000, 'Milliseconds between two heartbeats.'),
    haHousekeepingInterval: live(int({ unit: 'ms' }), 20_000, 'Milliseconds of silence that end a connection.'),
    haTransferBatchSize: live(int({ unit: 'bytes' }), 32_768, 'Bytes in one transfer.'),
    haMaxGapNotInSync: live(int({ unit: 'bytes' }), 268_435_456, 'Bytes behind up to which a slave is in sync.'),
    haFlowControlEnable: live(boolean, false, 'Limits the speed of transfers.'),
    maxHaTransferByteInSecond: live(long({ unit: 'bytes' }), 104_857_600, 'That limit, in bytes a second.'),
    slaveTimeout: live(int({ unit: 'ms' }), 3000, 'Milliseconds that slaves have to confirm a message.'),
    offsetCheckInSlave: live(boolean, false, 'A slave repairs offsets that differ.'),
    totalReplicas: atRestart(int({ min: 1 }), 1, 'Replicas, the master included.'),
    inSyncReplicas: live(int({ min: 1 }), 1, 'Replicas that must have a message, the master included.'),
    minInSyncReplicas: live(int({ min: 1 }), 1, 'Replicas in sync below which messages are refused.'),
    allAckInSyncStateSet: live(boolean, false, 'All replicas in sync must have a message.'),
    enableAutoInSyncReplicas: live(boolean, false, 'Asks for fewer replicas when slaves are away.'),
    haMaxTimeSlaveNotCatchup: live(long({ unit: 'ms' }), 15_000, 'Milliseconds behind after which a slave is out.'),
    syncFromLastFile: atRestart(boolean, false, 'An empty slave starts with the newest file.'),
    asyncLearner: atRestart(boolean, false, 'The slave never counts as in sync.'),
    enableSlaveActingMaster: atRestart(boolean, false, 'A slave serves while its master is away.'),
    enableRemoteEscape: atRestart(boolean, false, 'It sends delayed messages to other brokers.'),
    skipPreOnline: atRestart(boolean, false, 'A broker that comes back does not wait for the others.'),
    brokerHeartbeatInterval: live(int({ unit: 'ms' }), 1000, 'Milliseconds between two heartbeats to name servers.'),
    brokerNotActiveTimeoutMillis: live(
      long({ unit: 'ms' }),
      10_000,
      'Milliseconds without one after which a broker is away.',
    ),
    compatibleWithOldNameSrv: live(boolean, true, 'Manages with name servers that do not know broker groups.'),
  }),
  ...notServed(replication, 'the log of the DLedger mode is not served', {
    enableDLegerCommitLog: atRestart(
      falseOnly('messages kept by DLedger would not be found'),
      false,
      'Keeps the log by DLedger.',
    ),
    dLegerGroup: atRestart(text, '', 'Group of replicas.'),
    dLegerPeers: atRestart(text, '', 'Its members.'),
    dLegerSelfId: atRestart(text, '', 'This member.'),
  }),
  ...notServed(controller, noController, {
    enableControllerMode: atRestart(
      falseOnly('a second master could take messages'),
      false,
      'A controller says who is master.',
    ),
    controllerAddr: atRestart(addresses, [], 'Controllers, host:port separated by semicolons.'),
    fetchControllerAddrByDnsLookup: atRestart(boolean, false, 'Finds controllers by DNS.'),
    syncBrokerMetadataPeriod: live(long({ unit: 'ms' }), 5000, 'Milliseconds between two looks at who is master.'),
    checkSyncStateSetPeriod: live(long({ unit: 'ms' }), 5000, 'Milliseconds between two looks at who is in sync.'),
    syncControllerMetadataPeriod: live(long({ unit: 'ms' }), 10_000, 'Milliseconds between two looks at who leads.'),
    controllerHeartBeatTimeoutMills: live(long({ unit: 'ms' }), 10_000, 'Milliseconds until a broker counts as away.'),
    brokerElectionPriority: live(int(), 2_147_483_647, 'The smaller, the earlier this broker becomes master.'),
    storePathEpochFile: atRestart(
      text,
      computed('<storePathRootDir>/epochFileCheckpoint', (context) => {
        return `${context.textOf('storePathRootDir')}/epochFileCheckpoint`
      }),
      'File of the terms of masters.',
    ),
    storePathBrokerIdentity: atRestart(
      text,
      computed(
        '<storePathRootDir>/brokerIdentity',
        (context) => `${context.textOf('storePathRootDir')}/brokerIdentity`,
      ),
      'File of the id that a controller gave.',
    ),
  }),
}
