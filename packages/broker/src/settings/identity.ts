import {
  applied,
  atRestart,
  computed,
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
    regionId: atRestart(text, 'DefaultRegion', 'Region that answers to producers and message traces name.'),
    configBlackList: atRestart(
      names,
      ['configBlackList', 'brokerConfigPath'],
      'Keys that cannot be changed by a request, separated by semicolons.',
    ),
    startAcceptSendRequestTimeStamp: live(
      long({ unit: 'ms' }),
      0,
      'Messages are refused before this time, in milliseconds since 1970.',
    ),
  }),
  ...notServed(identity, 'changes by a request are kept in memory and not written to a file yet', {
    brokerConfigPath: atRestart(text, '', 'File that changes by a request are written to.'),
  }),
  ...notServed(identity, 'nothing is read from an installation folder', {
    rocketmqHome: atRestart(
      text,
      computed('the environment variable ROCKETMQ_HOME', ({ variables }) => variables.ROCKETMQ_HOME ?? ''),
      'Folder of a RocketMQ installation.',
    ),
  }),
}
