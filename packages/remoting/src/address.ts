import type { Address } from '@rocketmq-ts/platform'

/** `host:port`, an IPv6 host in brackets. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/**
 * @param text `host:port`, an IPv6 host in brackets
 * @throws Error when there is no port in it
 */
export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, Math.max(0, colon)).replace(/^\[(.*)\]$/, '$1')
  const portText = text.slice(colon + 1)
  const port = Number(portText)
  if (host === '' || !/^\d{1,5}$/.test(portText) || port > 65_535) {
    throw new Error(`"${text}" is not an address: write host:port, for example 127.0.0.1:9876`)
  }
  return { host, port }
}
