import {
  applied,
  atRestart,
  boolean,
  computed,
  int,
  live,
  long,
  names,
  nonEmptyText,
  notServed,
  type SettingsOf,
  text,
} from '@rocketmq-ts/settings'

const network = 'Network'
const files = 'Files'
const routes = 'Brokers and routes'
const noPool = 'there is no thread pool: a name server is one event loop'

/** All settings of a name server, named as in RocketMQ's namesrv.conf, with RocketMQ's defaults. */
export const nameServerSettings = {
  ...applied(network, {
    listenPort: atRestart(int({ max: 65_535 }), 9876, 'Port that brokers and clients connect to; 0 takes a free one.'),
    bindAddress: atRestart(nonEmptyText('an address of this machine'), '0.0.0.0', 'Address to listen at.'),
    serverSocketBacklog: atRestart(int({ min: 1 }), 1024, 'Connections that may wait to be accepted.'),
    serverChannelMaxIdleTimeSeconds: atRestart(
      int({ unit: 'seconds' }),
      120,
      'Seconds of silence after which a connection is closed; 0 never closes.',
    ),
  }),
  ...applied(files, {
    kvConfigPath: atRestart(
      nonEmptyText('a file'),
      computed('namesrv/kvConfig.json in the home folder', ({ homeFolder }) => `${homeFolder}/namesrv/kvConfig.json`),
      'File of the key-value configuration.',
    ),
    configStorePath: atRestart(
      nonEmptyText('a file'),
      computed('namesrv/namesrv.properties in the home folder', ({ homeFolder }) => {
        return `${homeFolder}/namesrv/namesrv.properties`
      }),
      'File that changes by a request are written to.',
    ),
    configBlackList: atRestart(
      names,
      ['configBlackList', 'configStorePath', 'kvConfigPath'],
      'Keys that cannot be changed by a request, separated by semicolons.',
    ),
  }),
  ...applied(routes, {
    scanNotActiveBrokerInterval: atRestart(
      long({ min: 1, unit: 'ms' }),
      5000,
      'Milliseconds between two looks for brokers that have gone silent.',
    ),
    orderMessageEnable: live(boolean, false, 'Adds the order of queues to the routes of ordered topics.'),
    returnOrderTopicConfigToBroker: live(boolean, true, 'Tells a broker the ordered topics when it registers.'),
    enableAllTopicList: live(boolean, true, 'Serves the list of all topics.'),
    enableTopicList: live(boolean, true, 'Serves the topics of a cluster, the system topics and the unit topics.'),
    deleteTopicWithBrokerRegistration: live(boolean, false, 'A topic that a registration leaves out is forgotten.'),
    supportActingMaster: live(
      boolean,
      false,
      'Routes name the smallest slave when a master is away, for reading only.',
    ),
    notifyMinBrokerIdChanged: live(boolean, false, 'Tells brokers when the smallest id among them changes.'),
    needWaitForService: atRestart(boolean, false, 'Serves no routes until brokers had time to register.'),
    waitSecondsForService: atRestart(int({ unit: 'seconds' }), 45, 'Seconds that they have.'),
  }),
  ...notServed(routes, 'routes come from brokers alone', {
    clusterTest: live(boolean, false, 'Asks the name servers of productEnvName for topics that are missing here.'),
    productEnvName: live(text, 'center', 'Environment that is asked with clusterTest.'),
  }),
  ...notServed('Controller', 'a controller is not served yet', {
    enableControllerInNamesrv: atRestart(boolean, false, 'Runs a controller in the name server.'),
  }),
  ...notServed('Thread pools', noPool, {
    clientRequestThreadPoolNums: atRestart(int(), 8, 'Threads that serve routes.'),
    defaultThreadPoolNums: atRestart(int(), 16, 'Threads that serve everything else.'),
    unRegisterBrokerQueueCapacity: atRestart(int(), 3000, 'Brokers that may wait to be forgotten.'),
  }),
  ...notServed('Installation', 'nothing is read from an installation folder', {
    rocketmqHome: atRestart(
      text,
      computed('the environment variable ROCKETMQ_HOME', ({ variables }) => variables.ROCKETMQ_HOME ?? ''),
      'Folder of a RocketMQ installation.',
    ),
  }),
}

export type NameServerSettings = SettingsOf<typeof nameServerSettings>
