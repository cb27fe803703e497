import {
  addresses,
  applied,
  atRestart,
  boolean,
  type ChangeRules,
  computed,
  double,
  durations,
  fixed,
  hours,
  int,
  live,
  long,
  names,
  nonEmptyText,
  notServed,
  oneOf,
  type SettingsEnvironment,
  text,
} from '@rocketmq-ts/settings'

/** One setting of every type. */
export const exampleTable = {
  ...applied('Network', {
    listenPort: atRestart(int({ max: 65_535 }), 10_911, 'Port that clients connect to.'),
    brokerName: atRestart(
      nonEmptyText('a name'),
      computed('the host name', ({ hostName }) => hostName),
      'Name.',
    ),
    namesrvAddr: live(addresses, [], 'Name servers.'),
    registerNameServerPeriod: live(
      int({ min: 10_000, max: 60_000, unit: 'ms', clamp: true }),
      30_000,
      'Milliseconds between registrations.',
    ),
    configBlackList: live(names, ['configBlackList', 'storePath'], 'Keys that stay.'),
  }),
  ...applied('Store', {
    storePath: atRestart(
      nonEmptyText('a folder'),
      computed('~/store', ({ homeFolder }) => `${homeFolder}/store`),
      'Root folder.',
    ),
    logPath: atRestart(
      nonEmptyText('a folder'),
      computed('<storePath>/log', ({ textOf }) => `${textOf('storePath')}/log`),
      'Log folder.',
    ),
    role: atRestart(
      oneOf(['ASYNC_MASTER', 'SYNC_MASTER'], { SLAVE: 'replication is not served yet' }),
      'ASYNC_MASTER',
      'Role.',
    ),
    deleteWhen: live(hours, [4], 'Hours of cleaning.'),
    fileSize: fixed('the files are laid out by it', int({ unit: 'bytes' }), 1000, 'Bytes of a file.'),
    ratio: live(double({ max: 1 }), 0.8, 'Ratio.'),
    gap: live(long({ unit: 'bytes' }), 17_179_869_184, 'Bytes.'),
    delays: live(durations, [1000, 60_000], 'Delays.'),
    note: live(text, '', 'Note.'),
    traceOn: live(boolean, true, 'Trace.'),
  }),
  ...notServed('POP', 'POP is not served yet', {
    popPollingSize: live(int(), 1024, 'Polls per key.'),
    reviveQueueNum: live(
      int(),
      computed('twice the processors', ({ processors }) => processors * 2),
      'Queues.',
    ),
  }),
}

export const exampleEnvironment: SettingsEnvironment = {
  hostName: 'machine-1',
  localAddress: '192.0.2.7',
  homeFolder: '/home/someone',
  variables: {},
  processors: 4,
}

export const exampleRules: ChangeRules<typeof exampleTable> = {
  table: exampleTable,
  otherKnownKeys: new Map([['useTLS', 'false']]),
  blackList: ({ configBlackList }) => configBlackList,
  decidedKeys: new Map([['brokerName', '--name']]),
  settle(values) {
    if (values.ratio <= 0.9) return { values, warnings: [] }
    return { values: { ...values, ratio: 0.9 }, warnings: [`ratio=${values.ratio}: 0.9 is used`] }
  },
}
