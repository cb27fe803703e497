/** Commands of the official tools that are not there, by the reason. */
const refusals: readonly (readonly [reason: string, names: readonly string[]])[] = [
  [
    'access control is not served yet',
    [
      ...['createUser', 'updateUser', 'deleteUser', 'getUser', 'listUser', 'copyUser'],
      ...['createAcl', 'updateAcl', 'deleteAcl', 'getAcl', 'listAcl', 'copyAcl'],
    ],
  ],
  [
    'the controller is not served yet',
    [
      ...['getSyncStateSet', 'getBrokerEpoch', 'getControllerMetaData', 'getControllerConfig'],
      ...['updateControllerConfig', 'electMaster', 'cleanBrokerMetadata'],
    ],
  ],
  ['brokers are not started in a container: "rocketmq broker" starts one', ['addBroker', 'removeBroker']],
  [
    'nothing is kept in RocksDB: exportMetadata writes topics and groups',
    ['exportMetadataInRocksDB', 'rocksDBConfigToJson'],
  ],
  ['it only writes a log: "rocketmq check" tells monitoring what is wrong', ['startMonitoring']],
]

/** Reasons by the commands' names. */
export const refusedTools: ReadonlyMap<string, string> = new Map(
  refusals.flatMap(([reason, names]) => names.map((name): [string, string] => [name, reason])),
)
