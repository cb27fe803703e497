import type { Address, Log, Platform } from '@rocketmq-ts/platform'
import { RemotingClient, RemotingServer } from '@rocketmq-ts/remoting'
import { nameServerCommandTable } from './command-table.ts'
import { createLiveSettings } from './configuration/live-settings.ts'
import { KeyValueConfiguration } from './key-values/key-value-configuration.ts'
import { notifySmallestBroker } from './notify-smallest-broker.ts'
import { type LivingBroker, RouteTable } from './routes/index.ts'
import type { NameServerSettings } from './settings/index.ts'

export interface NameServerOptions {
  settings: NameServerSettings
  /** Keys that no request can change, with what decides them at each start: `-p`. */
  decidedKeys?: ReadonlyMap<string, string>
  platform: Platform
  log: Log
}

export interface NameServer {
  /** Where it listens; the port is the real one when the settings asked for port 0. */
  readonly address: Address
  /** Takes no more requests and closes all connections. */
  close(): Promise<void>
}

/**
 * Starts a name server. It is ready when the promise resolves.
 *
 * @throws Error when `kvConfigPath` cannot be read; Node's error with code EADDRINUSE when the port is taken
 */
export async function createNameServer(options: NameServerOptions): Promise<NameServer> {
  const { settings, decidedKeys = new Map(), platform, log } = options
  const { clock, fileSystem } = platform
  const liveSettings = createLiveSettings(settings, decidedKeys, fileSystem, clock.now())
  const keyValues = new KeyValueConfiguration(fileSystem, settings.kvConfigPath)
  const client = new RemotingClient(platform, { log })
  const routes = new RouteTable({
    onSmallestBrokerChange: (change) => {
      if (liveSettings.current.notifyMinBrokerIdChanged) notifySmallestBroker(change, client, log)
    },
  })
  const report = (gone: readonly LivingBroker[], why: string, peer?: string): void => {
    const more = peer === undefined ? {} : { peer }
    for (const { brokerName, brokerId, address } of gone) log.warn({ brokerName, brokerId, address, ...more }, why)
  }

  const readyAtMs = clock.monotonic() + (settings.needWaitForService ? settings.waitSecondsForService * 1000 : 0)
  const isReady = (): boolean => clock.monotonic() >= readyAtMs
  const server = new RemotingServer({
    host: settings.bindAddress,
    port: settings.listenPort,
    platform,
    log,
    table: nameServerCommandTable({ routes, keyValues, settings: liveSettings, clock, log, isReady }),
    backlog: settings.serverSocketBacklog,
    idleTimeoutMs: settings.serverChannelMaxIdleTimeSeconds * 1000,
    onDisconnect: ({ id, remoteAddress }) =>
      report(routes.connectionLost(id), 'a broker is gone: its connection was lost', remoteAddress),
  })
  const address = await server.listen()
  const stopExpiring = clock.every(settings.scanNotActiveBrokerInterval, () => {
    report(routes.expire(clock.monotonic()), 'a broker is gone: it was silent for too long')
  })

  return {
    address,
    async close() {
      stopExpiring()
      await server.close()
      await client.close()
    },
  }
}
