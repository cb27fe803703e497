import {
  addresses,
  applied,
  atRestart,
  boolean,
  computed,
  int,
  live,
  long,
  nonEmptyText,
  notServed,
  type SettingType,
} from '@rocketmq-ts/settings'
import { parseAddressList } from './parse-address-list.ts'

const network = 'Network'
const registration = 'Registration at name servers'

const wildcards = new Set(['0.0.0.0', '::', '[::]'])

const anyAddress = nonEmptyText('the address by which clients reach this machine')

/** Clients connect to it. */
const advertisedAddress: SettingType<string> = {
  ...anyAddress,
  parse(value) {
    if (!wildcards.has(value)) return anyAddress.parse(value)
    return { ok: false, reason: 'clients cannot connect to it; bindAddress says where to listen' }
  },
}

export const networkSettings = {
  ...applied(network, {
    listenPort: atRestart(int({ max: 65_535 }), 10_911, 'Port that clients connect to; 0 takes a free one.'),
    bindAddress: atRestart(nonEmptyText('an address of this machine'), '0.0.0.0', 'Address to listen at.'),
    brokerIP1: atRestart(
      advertisedAddress,
      computed('the address of this machine', ({ localAddress }) => localAddress),
      'Address given to clients, and written into messages as the place where they are stored.',
    ),
    serverSocketBacklog: atRestart(int({ min: 1 }), 1024, 'Connections that may wait to be accepted.'),
    serverChannelMaxIdleTimeSeconds: atRestart(
      int({ unit: 'seconds' }),
      120,
      'Seconds of silence after which a connection is closed; 0 never closes.',
    ),
    channelExpiredTimeout: live(
      long({ min: 1, unit: 'ms' }),
      120_000,
      'Milliseconds without a heartbeat after which a client is forgotten.',
    ),
  }),
  ...notServed(network, 'replication is not served yet', {
    brokerIP2: atRestart(
      nonEmptyText('an address'),
      computed('the address of this machine', ({ localAddress }) => localAddress),
      'Address at which slaves reach the master.',
    ),
  }),
  ...notServed(network, 'there is no thread pool: a broker is one event loop', {
    serverWorkerThreads: atRestart(int(), 8, 'Threads that encode and decode.'),
    serverSelectorThreads: atRestart(int(), 3, 'Threads that read and write sockets.'),
    serverOnewaySemaphoreValue: atRestart(int(), 256, 'One-way requests to clients at a time.'),
    serverAsyncSemaphoreValue: atRestart(int(), 64, 'Requests to clients at a time.'),
    clientCallbackExecutorThreads: atRestart(
      int(),
      computed('the number of processors', ({ processors }) => processors),
      'Threads that take answers; `mqadmin exportMetrics` shows it as the number of processors.',
    ),
    useEpollNativeSelector: atRestart(boolean, false, 'Native epoll instead of the portable selector.'),
    serverPooledByteBufAllocatorEnable: atRestart(boolean, true, 'Network buffers from a pool.'),
  }),
  ...notServed(network, 'connections are not encrypted', {
    useTLS: atRestart(boolean, false, 'Requests to name servers and other brokers by TLS.'),
  }),
  ...notServed(network, 'connections are closed without a GO_AWAY answer', {
    enableShutdownGracefully: live(boolean, false, 'Clients are asked to go before the broker stops.'),
    shutdownWaitTimeSeconds: live(int({ unit: 'seconds' }), 30, 'Seconds that clients have to go.'),
  }),
  ...applied(registration, {
    namesrvAddr: live(
      addresses,
      computed('the environment variable NAMESRV_ADDR', ({ variables }) => parseAddressList(variables.NAMESRV_ADDR)),
      'Name servers to register with, host:port separated by semicolons.',
    ),
    registerNameServerPeriod: live(
      int({ min: 10_000, max: 60_000, unit: 'ms', clamp: true }),
      30_000,
      'Milliseconds between two registrations.',
    ),
    registerBrokerTimeoutMills: live(
      int({ min: 1, unit: 'ms' }),
      24_000,
      'Milliseconds that a name server has to answer a registration.',
    ),
    forceRegister: live(boolean, true, 'Registers every time, even when no topic has changed.'),
    compressedRegister: live(boolean, false, 'Compresses the topics of a registration.'),
  }),
  ...notServed(registration, 'a few changed topics are registered alone, and many topics in one compressed request', {
    enableSingleTopicRegister: live(boolean, false, 'Registers a new topic alone instead of all topics.'),
    enableSplitRegistration: live(boolean, false, 'Registers many topics in several requests.'),
    splitRegistrationSize: live(int({ min: 1 }), 800, 'Topics in one of several requests.'),
  }),
  ...notServed(registration, 'name servers are given by namesrvAddr alone', {
    fetchNamesrvAddrByAddressServer: atRestart(boolean, false, 'Asks an HTTP server for the name servers.'),
    fetchNameSrvAddrByDnsLookup: atRestart(boolean, false, 'Resolves namesrvAddr by DNS again and again.'),
  }),
}
