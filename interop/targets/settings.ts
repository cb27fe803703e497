import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { BrokerOptions } from './target.ts'

const loopback = '127.0.0.1'

/** host:port at which clients reach a broker. */
export function addressOf({ host = loopback, listenPort }: BrokerOptions): string {
  return `${host}:${listenPort}`
}

/** The keys of broker.conf for a broker on loopback. */
export function brokerSettings(options: BrokerOptions): Record<string, string> {
  return {
    brokerClusterName: options.clusterName,
    brokerName: options.brokerName,
    brokerId: '0',
    namesrvAddr: options.namesrvAddr,
    brokerIP1: options.host ?? loopback,
    listenPort: String(options.listenPort),
    storePathRootDir: options.storeDir,
    autoCreateTopicEnable: 'true',
    ...options.config,
  }
}

/** Writes settings as `key=value` lines, which is what the servers read with `-c`. */
export function writeSettings(file: string, settings: Record<string, string>): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  )
}
