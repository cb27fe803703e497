import type { Address } from '@rocketmq-ts/platform'

/**
 * @param text `host:port`, an IPv6 host in brackets
 * @throws Error when there is no port in it
 */
export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  const port = Number(text.slice(colon + 1))
  if (colon <= 0 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`"${text}" is not an address: write host:port, for example 127.0.0.1:9876`)
  }
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port }
}
