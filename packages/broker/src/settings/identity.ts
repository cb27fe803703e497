import {
  applied,
  atRestart,
  computed,
  fixed,
  int,
  live,
  long,
  names,
  nonEmptyText,
  notServed,
  text,
} from '@rocketmq-ts/settings'

const identity = 'Identity'

export const identitySettings = {
  ...applied(identity, {
    brokerClusterName: atRestart(nonEmptyText('a name'), 'DefaultCluster', 'Cluster that the broker belongs to.'),
    brokerName: atRestart(
      nonEmptyText('a name'),
      computed('the host name', ({ hostName }) => hostName),
      'Name of the broker; a master and its slaves share it.',
    ),
    brokerId: atRestart(long(), 0, 'Place among the brokers of this name: 0 is the master.'),
    brokerPermission: live(int({ max: 7 }), 6, 'What clients may do, as a sum: 2 write, 4 read.'),
    regionId: live(text, 'DefaultRegion', 'Region that answers to producers and message traces name.'),
    configBlackList: fixed(
      'it is to hold against requests',
      names,
      ['configBlackList', 'brokerConfigPath'],
      'Keys that cannot be changed by a request, separated by semicolons.',
    ),
    brokerConfigPath: fixed(
      'a start has to find what it kept',
      text,
      '',
      'File that changes by a request are kept in; when it is empty, the file given by -c, or config/broker.properties in storePathRootDir.',
    ),
    startAcceptSendRequestTimeStamp: live(
      long({ unit: 'ms' }),
      0,
      'Messages are refused before this time, in milliseconds since 1970.',
    ),
  }),
  ...notServed(identity, 'nothing is read from an installation folder', {
    rocketmqHome: atRestart(
      text,
      computed('the environment variable ROCKETMQ_HOME', ({ variables }) => variables.ROCKETMQ_HOME ?? ''),
      'Folder of a RocketMQ installation.',
    ),
  }),
}
